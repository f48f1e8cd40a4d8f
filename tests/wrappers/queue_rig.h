#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/base/status.h"
#include "server/wrappers/limit.h"
#include "tests/fakes/fake_loop.h"
#include "tests/fakes/fake_source.h"

namespace frontrunner {

/// Answers by key when the test says so; logs "KEY starts" and "KEY stops" (an
/// attempt destroyed before its answer). No two attempts have the same key.
class KeyedSource final : public Source {
 public:
  explicit KeyedSource(EventLog& log) : log_(log) {}

  std::string_view name() const override { return "s"; }
  std::unique_ptr<Attempt> Start(const Query& query, Done done) override {
    log_.push_back(query.call->key + " starts");
    last_query = query;
    last_query.slot = nullptr;
    if (keeps_slots) slots[query.call->key] = query.slot;
    return std::make_unique<KeyedAttempt>(*this, query, std::move(done));
  }

  /// The test fails if it is not under way.
  void Answer(const std::string& key, Outcome outcome = TextValue("v")) {
    const auto found = underway_.find(key);
    ASSERT_NE(found, underway_.end()) << key << " is not under way";
    found->second->Answer(std::move(outcome));
  }
  size_t underway() const { return underway_.size(); }
  bool Has(const std::string& key) const { return underway_.contains(key); }
  /// The smallest.
  std::string AnyKey() const { return underway_.begin()->first; }
  int PriorityOf(const std::string& key) const {
    return underway_.at(key)->priority;
  }

  /// Work goes on after its attempts are gone.
  bool keeps_slots = false;
  std::map<std::string, std::shared_ptr<const void>> slots;
  Query last_query;

 private:
  struct KeyedAttempt final : Attempt {
    KeyedAttempt(KeyedSource& its_source, const Query& query, Done its_done)
        : source(its_source),
          key(query.call->key),
          priority(query.priority),
          done(std::move(its_done)) {
      source.underway_.emplace(key, this);
    }
    ~KeyedAttempt() override {
      if (done && source.underway_.erase(key) > 0) {
        source.log_.push_back(key + " stops");
      }
    }
    void Reprioritise(int to) override { priority = to; }
    void Answer(Outcome outcome) {
      source.underway_.erase(key);
      std::exchange(done, nullptr)(std::move(outcome));
    }
    KeyedSource& source;
    const std::string key;
    int priority;
    Done done;
  };

  EventLog& log_;
  std::map<std::string, KeyedAttempt*> underway_;
};

/// A queue before one source, reached from several loops.
class QueueTest : public ::testing::Test {
 protected:
  void Make(DispatchQueue::Settings settings, size_t loops = 1) {
    settings.name = "names";
    loops_.resize(loops);
    queue_ = std::make_shared<DispatchQueue>(loops_[0], settings);
    limits_.clear();
    for (FakeLoop& loop : loops_) {
      limits_.push_back(WithLimit(loop, queue_, source_));
    }
  }

  struct Asked {
    int priority = 0;
    size_t loop = 0;
    TimePoint deadline = kNever;
  };
  /// Logs "KEY ok" or "KEY CODE" at its end; failures are kept by key.
  void Ask(const std::string& key) { Ask(key, Asked{}); }
  void Ask(const std::string& key, Asked asked) {
    Query query = TextQuery(key);
    query.priority = asked.priority;
    query.deadline = asked.deadline;
    attempts_[key] =
        limits_[asked.loop]->Start(query, [this, key](Outcome outcome) {
          if (!outcome.ok()) failures_[key] = outcome.status();
          log_.push_back(
              key + " " +
              (outcome.ok() ? "ok"
                            : std::string(CodeName(outcome.status().code()))));
        });
  }
  /// Those who waited for it leave.
  void Drop(const std::string& key) { attempts_.erase(key); }
  void Run() {
    for (FakeLoop& loop : loops_) loop.RunUntilIdle();
  }
  void Advance(Duration by) {
    for (FakeLoop& loop : loops_) loop.Advance(by);
    Run();
  }
  /// Takes what was logged so far.
  EventLog Log() { return std::exchange(log_, {}); }

  static EventLog Keys(const std::vector<DispatchQueue::Job>& jobs) {
    EventLog keys;
    keys.reserve(jobs.size());
    for (const auto& job : jobs) keys.push_back(job.call->key);
    return keys;
  }
  EventLog Pending() const { return Keys(queue_->Pending(100)); }
  EventLog Underway() const { return Keys(queue_->Underway(100)); }
  EventLog Ended() const { return Keys(queue_->Ended(100)); }
  /// The id of a job that is pending or underway; 0 if it is neither.
  uint64_t IdOf(const std::string& key) const {
    for (const auto& jobs : {queue_->Pending(10000), queue_->Underway(10000)}) {
      for (const auto& job : jobs) {
        if (job.call->key == key) return job.id;
      }
    }
    return 0;
  }
  DispatchQueue::State state() const { return queue_->state(); }

  /// A deque, since loops don't move.
  std::deque<FakeLoop> loops_ = std::deque<FakeLoop>(1);
  EventLog log_;
  std::shared_ptr<KeyedSource> source_ = std::make_shared<KeyedSource>(log_);
  std::shared_ptr<DispatchQueue> queue_;
  std::vector<std::shared_ptr<Source>> limits_;
  std::map<std::string, absl::Status> failures_;
  std::map<std::string, std::unique_ptr<Attempt>> attempts_;
};

}  // namespace frontrunner
