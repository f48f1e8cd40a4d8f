#include "tests/fakes/fake_call.h"

#include <gtest/gtest.h>

#include <thread>
#include <utility>

namespace frontrunner {

FakeServerCall::FakeServerCall(Settings settings)
    : settings_(std::make_unique<Settings>(std::move(settings))) {
  gone_ = settings_->cancelled_before;
}

void FakeServerCall::Cancel() {
  absl::AnyInvocable<void() &&> cancelled;
  {
    std::lock_guard lock(mutex_);
    gone_ = true;
    if (finished_) return;
    cancelled = std::exchange(cancelled_, nullptr);
  }
  if (cancelled) std::move(cancelled)();
}

void FakeServerCall::CompleteWrite(bool ok) {
  absl::AnyInvocable<void(bool) &&> sent;
  {
    std::lock_guard lock(mutex_);
    if (!sent_) {
      ADD_FAILURE() << "no write is under way";
      return;
    }
    sent = std::exchange(sent_, nullptr);
  }
  std::move(sent)(ok);
}

void FakeServerCall::CompleteWrites() {
  while (writing()) CompleteWrite();
}

bool FakeServerCall::writing() const {
  std::lock_guard lock(mutex_);
  return sent_ != nullptr;
}

std::vector<std::string> FakeServerCall::written() const {
  std::lock_guard lock(mutex_);
  return written_;
}

std::string_view FakeServerCall::request() const {
  std::lock_guard lock(mutex_);
  ExpectAlive();
  return settings_->request;
}

TimePoint FakeServerCall::deadline() const {
  std::lock_guard lock(mutex_);
  ExpectAlive();
  return settings_->deadline;
}

std::optional<std::string_view> FakeServerCall::metadata(
    std::string_view name) const {
  std::lock_guard lock(mutex_);
  ExpectAlive();
  const auto found = settings_->metadata.find(name);
  if (found == settings_->metadata.end()) return std::nullopt;
  return found->second;
}

Peer FakeServerCall::peer() const {
  std::lock_guard lock(mutex_);
  ExpectAlive();
  return settings_->peer;
}

bool FakeServerCall::authenticated() const {
  std::lock_guard lock(mutex_);
  ExpectAlive();
  return settings_->authenticated;
}

void FakeServerCall::Finish(Reply reply) {
  absl::AnyInvocable<void() &&> dropped;
  EXPECT_NE(on_cancel_thread_.load(), std::this_thread::get_id())
      << "finished inside OnCancel, which is still at work";
  {
    std::lock_guard lock(mutex_);
    EXPECT_FALSE(finished_) << "finished twice";
    EXPECT_EQ(sent_, nullptr) << "finished in the middle of a write";
    finished_ = true;
    settings_.reset();
    reply_ = std::move(reply);
    dropped = std::exchange(cancelled_, nullptr);
  }
  // Without the lock: it may own what calls back.
  dropped = nullptr;
  // The last touch: whoever sees it may destroy the call.
  over_.store(true);
}

void FakeServerCall::OnCancel(absl::AnyInvocable<void() &&> cancelled) {
  {
    std::lock_guard lock(mutex_);
    ExpectAlive();
    if (!gone_) {
      cancelled_ = std::move(cancelled);
      return;
    }
  }
  on_cancel_thread_.store(std::this_thread::get_id());
  std::move(cancelled)();
  on_cancel_thread_.store(std::thread::id());
}

void FakeServerCall::Write(std::string message,
                           absl::AnyInvocable<void(bool) &&> sent) {
  std::lock_guard lock(mutex_);
  ExpectAlive();
  EXPECT_EQ(sent_, nullptr) << "two writes at once";
  written_.push_back(std::move(message));
  sent_ = std::move(sent);
}

void FakeServerCall::Read(
    absl::AnyInvocable<void(std::optional<std::string>) &&> read) {
  ADD_FAILURE() << "no stream of requests";
  std::move(read)(std::nullopt);
}

void FakeServerCall::ExpectAlive() const {
  ASSERT_FALSE(finished_) << "touched after Finish";
}

}  // namespace frontrunner
