#pragma once

#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/race/source.h"

namespace frontrunner {

/// What happened, in order; assertions read it as a list of lines.
using EventLog = std::vector<std::string>;

/// A value with these bytes, freshly produced.
Value TextValue(std::string_view text);

/// A query for a key of table "t".
Query TextQuery(std::string_view key);

/// A source that answers when the test says so. Logs "NAME start",
/// "NAME cancel" (an attempt destroyed before its answer) and "NAME done".
class FakeSource final : public Source {
 public:
  /// `log` may be null; it outlives the source and its attempts.
  explicit FakeSource(std::string name, EventLog* log = nullptr);
  ~FakeSource() override;

  std::string_view name() const override { return name_; }
  std::unique_ptr<Attempt> Start(const Query& query, Done done) override;
  Connectivity connectivity() const override { return connectivity_; }
  void WhenOpened(absl::AnyInvocable<void() &&> opened) override;
  bool peekable() const override { return peekable_; }
  std::optional<Value> Peek(const CallContext& call) override;

  /// Answers the oldest attempt under way; the test fails if there is none.
  void Answer(Outcome outcome);
  /// Attempts under way now, and ever started.
  size_t underway() const { return underway_.size(); }
  int started() const { return started_; }
  /// The priorities of the attempts under way, oldest first.
  std::vector<int> priorities() const;
  /// The query of the latest Start, without its slot.
  const Query& last_query() const { return last_query_; }

  void set_connectivity(Connectivity connectivity);
  /// What its attempts say of it.
  void set_turn_came(TimePoint when) { turn_came_ = when; }
  /// From now on its work goes on after its attempts: slots are kept until
  /// they are dropped.
  void KeepSlots() { keep_slots_ = true; }
  /// The slots kept, oldest first.
  std::deque<std::shared_ptr<const void>>& slots() { return slots_; }
  /// Makes it peekable: Peek gives `value`, nullopt is a miss.
  void set_peek(std::optional<Value> value);

 private:
  class FakeAttempt;
  void Log(std::string_view what);

  const std::string name_;
  EventLog* const log_;
  std::list<FakeAttempt*> underway_;
  int started_ = 0;
  Query last_query_;
  TimePoint turn_came_ = TimePoint::min();
  bool keep_slots_ = false;
  std::deque<std::shared_ptr<const void>> slots_;
  Connectivity connectivity_ = Connectivity::kConnected;
  std::vector<absl::AnyInvocable<void() &&>> when_opened_;
  bool peekable_ = false;
  std::optional<Value> peek_;
};

}  // namespace frontrunner
