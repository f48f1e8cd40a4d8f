#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "server/rpc/transport.h"

namespace frontrunner {

/// A call whose caller is the test. The test fails where a handler breaks the
/// transport's contract: finishes twice, or in the middle of a write; writes
/// two messages at once; touches the call after Finish. Thread-safe.
class FakeServerCall final : public ServerCall {
 public:
  struct Settings {
    std::string request;
    TimePoint deadline = kNever;
    std::map<std::string, std::string, std::less<>> metadata;
    Peer peer = Peer::kUnixSocket;
    bool authenticated = false;
    /// The caller is gone already: OnCancel runs its callback inside itself.
    bool cancelled_before = false;
  };

  explicit FakeServerCall(Settings settings);

  /// The caller goes away; nothing happens after Finish.
  void Cancel();

  /// The transport is ready for the next message: ends the write under way. The
  /// test fails if there is none.
  void CompleteWrite(bool ok = true);
  /// Ends every write, until none is under way.
  void CompleteWrites();
  bool writing() const;
  /// Every message written so far, the one under way included.
  std::vector<std::string> written() const;

  bool finished() const { return over_.load(); }
  /// Of a call that is finished.
  const Reply& reply() const { return reply_; }

  std::string_view request() const override;
  TimePoint deadline() const override;
  std::optional<std::string_view> metadata(
      std::string_view name) const override;
  Peer peer() const override;
  bool authenticated() const override;
  void Finish(Reply reply) override;
  void OnCancel(absl::AnyInvocable<void() &&> cancelled) override;
  void Write(std::string message,
             absl::AnyInvocable<void(bool) &&> sent) override;
  void Read(
      absl::AnyInvocable<void(std::optional<std::string>) &&> read) override;

 private:
  void ExpectAlive() const;

  mutable std::mutex mutex_;  // guards all below but the atomics
  /// Null after Finish, so that a sanitizer sees who keeps views of it.
  std::unique_ptr<Settings> settings_;
  absl::AnyInvocable<void() &&> cancelled_;
  absl::AnyInvocable<void(bool) &&> sent_;
  bool gone_ = false;
  bool finished_ = false;
  std::vector<std::string> written_;
  Reply reply_;
  std::atomic<bool> over_{false};
  /// Who is inside OnCancel, running its callback.
  std::atomic<std::thread::id> on_cancel_thread_{};
};

}  // namespace frontrunner
