#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/loop/event_loop.h"
#include "server/net/connection.h"
#include "tests/fakes/servers/scripted_server.h"

namespace frontrunner {

/// A protocol for tests: a command is a line, and so is its reply. A reply that
/// begins with "!" makes no sense.
class LineReader final : public ReplyReader {
 public:
  void Feed(std::string_view bytes) override;
  absl::StatusOr<std::optional<CacheReply>> Next() override;

 private:
  std::string unread_;
  std::string line_;
};

/// Reads "hello" and says "hi".
bool Greet(Conversation& peer);

/// Answers every line "x" by "re:x".
void EchoLines(Conversation& peer);

/// Logs "NAME: REPLY" or "NAME failed: MESSAGE", then runs `then`.
class LineCommand final : public Command {
 public:
  LineCommand(std::string text, std::vector<std::string>& log,
              std::function<void()> then = nullptr)
      : text_(std::move(text)), log_(log), then_(std::move(then)) {}

 protected:
  void WriteTo(std::string& out) override { out += text_ + "\n"; }
  void OnReply(const CacheReply& reply) override;
  void OnFailure(absl::Status status) override;

 private:
  void Log(std::string_view what);

  const std::string text_;
  std::vector<std::string>& log_;
  std::function<void()> then_;
};

/// A Connection on a loop of its own, used from a test's thread.
class LineClient {
 public:
  using Tune = std::function<void(ConnectionSettings&)>;

  /// With times short enough for tests; `tune` may change the settings.
  explicit LineClient(uint16_t port, const Tune& tune = nullptr);
  ~LineClient();

  /// On the loop: sends a command that is kept (see commands).
  LineCommand& Send(std::string text, std::function<void()> then = nullptr);
  /// Sends it and waits for what it logs.
  std::string Ask(const std::string& text);

  void OnLoop(const std::function<void()>& work);
  /// Waits until `holds`, asked on the loop; false after ten seconds.
  bool Eventually(const std::function<bool()>& holds);

  // To be used on the loop, or by nobody else.
  EventLoop loop;
  std::shared_ptr<ConnectionCounters> counters =
      std::make_shared<ConnectionCounters>();
  std::vector<std::string> log;
  /// "connected", "disconnected: …", as the observer is told.
  std::vector<std::string> changes;
  std::unique_ptr<Connection> connection;
  std::vector<std::unique_ptr<LineCommand>> commands;
};

}  // namespace frontrunner
