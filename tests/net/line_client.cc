#include "tests/net/line_client.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <utility>

namespace frontrunner {

using std::chrono::milliseconds;

void LineReader::Feed(std::string_view bytes) { unread_ += bytes; }

absl::StatusOr<std::optional<CacheReply>> LineReader::Next() {
  const size_t end = unread_.find('\n');
  if (end == std::string::npos) return std::nullopt;
  line_ = unread_.substr(0, end);
  unread_.erase(0, end + 1);
  if (line_.starts_with('!')) return absl::UnavailableError("nonsense");
  return CacheReply{.line = line_};
}

bool Greet(Conversation& peer) {
  return peer.ReadUntil("hello\n") && peer.Send("hi\n");
}

void EchoLines(Conversation& peer) {
  std::string unanswered;
  for (;;) {
    const std::string some = peer.ReadSome();
    if (some.empty()) return;
    unanswered += some;
    std::string replies;
    for (size_t end; (end = unanswered.find('\n')) != std::string::npos;) {
      replies += "re:" + unanswered.substr(0, end + 1);
      unanswered.erase(0, end + 1);
    }
    if (!peer.Send(replies)) return;
  }
}

void LineCommand::OnReply(const CacheReply& reply) {
  Log(": " + std::string(reply.line));
}

void LineCommand::OnFailure(absl::Status status) {
  Log(" failed: " + std::string(status.message()));
}

void LineCommand::Log(std::string_view what) {
  log_.push_back(text_.substr(0, 20) + std::string(what));
  // It may destroy this command.
  if (const auto then = std::move(then_)) then();
}

LineClient::LineClient(uint16_t port, const Tune& tune)
    : loop({.name = "test"}) {
  ConnectionSettings settings;
  settings.address = {.host = "127.0.0.1", .port = port};
  settings.new_reader = [] { return std::make_unique<LineReader>(); };
  settings.greetings = {
      {.command = "hello\n", .check = [](const CacheReply& reply) {
         return reply.line == "hi" ? absl::OkStatus()
                                   : absl::UnavailableError("not welcome");
       }}};
  settings.connect_timeout = milliseconds(150);
  settings.stall_timeout = std::chrono::seconds(5);
  settings.settled = Duration(0);
  settings.backoff = {.first = milliseconds(5), .max = milliseconds(20)};
  settings.counters = counters;
  settings.observer = [this](Connectivity now, const absl::Status& why) {
    changes.push_back(now == Connectivity::kConnected
                          ? "connected"
                          : "disconnected: " + std::string(why.message()));
  };
  if (tune) tune(settings);
  loop.Start();
  OnLoop([&] {
    connection = std::make_unique<Connection>(loop, std::move(settings));
  });
}

LineClient::~LineClient() {
  OnLoop([&] {
    commands.clear();
    connection.reset();
  });
  loop.Stop();
  loop.Join();
}

LineCommand& LineClient::Send(std::string text, std::function<void()> then) {
  const size_t bytes = text.size() + 1;
  commands.push_back(
      std::make_unique<LineCommand>(std::move(text), log, std::move(then)));
  connection->Send(*commands.back(), bytes);
  return *commands.back();
}

std::string LineClient::Ask(const std::string& text) {
  bool done = false;
  OnLoop([&] { Send(text, [&] { done = true; }); });
  const bool answered = Eventually([&] { return done; });
  EXPECT_TRUE(answered) << "no answer to " << text;
  std::string last;
  OnLoop([&] {
    if (answered) last = log.back();
    commands.clear();
  });
  return last;
}

void LineClient::OnLoop(const std::function<void()>& work) {
  ASSERT_TRUE(loop.RunAndWait([&work] { work(); }));
}

bool LineClient::Eventually(const std::function<bool()>& holds) {
  const auto until =
      std::chrono::steady_clock::now() + std::chrono::seconds(10);
  bool held = false;
  for (;;) {
    OnLoop([&] { held = holds(); });
    if (held || std::chrono::steady_clock::now() >= until) return held;
    std::this_thread::sleep_for(milliseconds(1));
  }
}

}  // namespace frontrunner
