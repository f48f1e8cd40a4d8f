#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "server/wrappers/retry.h"
#include "server/wrappers/retry_budget.h"
#include "tests/fakes/fake_loop.h"
#include "tests/fakes/fake_source.h"

namespace frontrunner {

inline absl::Status Down(std::string_view why = "down") {
  return absl::UnavailableError(std::string(why));
}

/// A source that is asked at once, after 10 ms and after 20 ms more, where a
/// test says nothing else, and what came of it.
class RetryTest : public ::testing::Test {
 protected:
  RetryTest() {
    settings_.backoff = {std::chrono::milliseconds(0),
                         std::chrono::milliseconds(10),
                         std::chrono::milliseconds(20)};
  }

  void Start() {
    if (!retrying_) {
      retrying_ = WithRetry(loop_, settings_, budget_, /*seed=*/1, source_);
    }
    attempt_ = retrying_->Start(query_, [this](Outcome outcome) {
      log_.emplace_back("outcome");
      outcome_ = std::move(outcome);
      attempt_ = nullptr;
    });
  }

  /// One lookup that the source answers after `took`.
  void SucceedAfter(Duration took) {
    Start();
    loop_.Advance(took);
    source_->Answer(TextValue("v"));
    outcome_.reset();
    log_.clear();
  }

  FakeLoop loop_;
  EventLog log_;
  std::shared_ptr<FakeSource> source_ =
      std::make_shared<FakeSource>("s", &log_);
  RetrySettings settings_;
  std::shared_ptr<RetryBudget> budget_;
  std::shared_ptr<Source> retrying_;
  Query query_ = TextQuery("key");
  std::optional<Outcome> outcome_;
  std::unique_ptr<Attempt> attempt_;
};

}  // namespace frontrunner
