#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "server/base/random.h"
#include "tests/tables/table_rig.h"

namespace frontrunner {
namespace {

/// Everything that can happen to a table, in an order that a seed decides; then
/// everything is let run out, and the books must balance: every caller was
/// answered exactly once or had left before, and nothing is left behind.
class Soak {
 public:
  explicit Soak(uint64_t seed) : random_(seed) {
    TableSettings& settings = rig_.settings;
    settings.coalesce = Chance(80);
    settings.deadline = milliseconds(50);
    settings.max_wait = milliseconds(100);
    settings.max_write_backs = Below(4);
    settings.max_waiters = Below(12);
    if (Chance(70)) settings.write_back = {.ttl = seconds(10), .jitter = 0.5};
    if (Chance(30)) rig_.entrants[2].start = {StartRule::kOthersFail};
    if (Chance(30)) {
      rig_.entrants[1].start = {StartRule::kAfter, milliseconds(3)};
    }
    if (Chance(20)) {
      rig_.entrants[2].final_codes.set(
          static_cast<size_t>(absl::StatusCode::kNotFound));
    }
  }

  void Run(int steps) {
    for (int i = 0; i < steps; ++i) Step();
    if (Chance(30)) rig_.shard().Drain();
    // Beyond every deadline. Write-backs have none: the caches answer them.
    rig_.loop.Advance(seconds(1));
    for (const auto& store : {rig_.near_store, rig_.redis_store}) {
      while (store->underway() > 0) store->Answer(TextValue(""));
    }
    for (const Caller& caller : callers_) {
      EXPECT_EQ(caller.answers, caller.left ? 0 : 1);
    }
    EXPECT_TRUE(rig_.Quiet());
    EXPECT_EQ(rig_.Count(&TableCounters::lookups),
              rig_.Count(&TableCounters::races) +
                  rig_.Count(&TableCounters::coalesced) + too_late_);
    answered_ += static_cast<int>(callers_.size());
  }

  int answered() const { return answered_; }

 private:
  struct Caller {
    std::unique_ptr<Attempt> attempt;
    int answers = 0;
    bool left = false;
  };

  uint64_t Below(uint64_t n) { return random_.Next() % n; }
  bool Chance(uint64_t percent) { return Below(100) < percent; }
  std::string Key() { return std::string(1, "abc"[Below(3)]); }
  TimePoint Deadline() {
    if (Chance(30)) return kNever;
    return rig_.loop.Now() + milliseconds(Below(80));
  }

  void Step() {
    const uint64_t dice = Below(100);
    if (dice < 30) {
      Lookup();
    } else if (dice < 40) {
      LeaveOne();
    } else if (dice < 47) {
      Write();
    } else if (dice < 80) {
      AnswerOne();
    } else if (dice < 83) {
      rig_.near->set_peek(Chance(20) ? std::optional(TextValue("near"))
                                     : std::nullopt);
    } else if (dice < 85) {
      Reprioritise();
    } else if (dice < 93) {
      rig_.loop.RunOneTurn();
    } else {
      rig_.loop.Advance(milliseconds(Below(20)));
    }
  }

  void Lookup() {
    LookupCall call;
    call.call = TableRig::Call(Key(), static_cast<int>(Below(10) / 9));
    call.deadline = Deadline();
    if (call.deadline <= rig_.loop.Now()) ++too_late_;
    call.priority = static_cast<int>(Below(4));
    call.policy = Chance(80) ? CachePolicy::kDefault
                             : static_cast<CachePolicy>(1 + Below(2));
    call.wait_for_value = Chance(50);
    Caller& caller = callers_.emplace_back();
    caller.attempt =
        rig_.shard().Lookup(std::move(call), [&](const LookupResult& result) {
          EXPECT_EQ(result.outcome.ok(), !result.source.empty());
          Answered(caller);
        });
  }

  void Write() {
    Caller& caller = callers_.emplace_back();
    auto done = [&](const absl::Status&) { Answered(caller); };
    if (Chance(70)) {
      ToStore to_store;
      to_store.bytes = MakeBytes("put");
      to_store.produced = rig_.loop.WallNow();
      caller.attempt = rig_.shard().Put(TableRig::Call(Key()),
                                        std::move(to_store), Deadline(), done);
    } else {
      caller.attempt =
          rig_.shard().Forget(TableRig::Call(Key()), Deadline(), done);
    }
  }

  /// A caller that is answered may do anything.
  void Answered(Caller& caller) {
    ++caller.answers;
    ASSERT_FALSE(caller.left);
    if (Chance(50)) caller.attempt = nullptr;
    if (Chance(10)) LeaveOne();
    if (Chance(5)) Lookup();
    if (Chance(3)) Write();
  }

  void LeaveOne() {
    if (callers_.empty()) return;
    Caller& caller = OneOfTheLatest();
    // Inside Lookup or Put an attempt is not there yet.
    if (caller.answers > 0 || !caller.attempt) return;
    caller.left = true;
    caller.attempt = nullptr;
  }

  void Reprioritise() {
    if (callers_.empty()) return;
    Caller& caller = OneOfTheLatest();
    if (caller.attempt) {
      caller.attempt->Reprioritise(static_cast<int>(Below(4)));
    }
  }

  Caller& OneOfTheLatest() {
    const size_t back = Below(std::min<size_t>(callers_.size(), 20));
    return callers_[callers_.size() - 1 - back];
  }

  void AnswerOne() {
    const std::array sources = {
        rig_.redis,      rig_.names,       rig_.names,      rig_.near_store,
        rig_.near_erase, rig_.redis_store, rig_.redis_erase};
    FakeSource& source = *sources[Below(sources.size())];
    if (source.underway() == 0) return;
    const uint64_t dice = Below(10);
    if (dice < 4) {
      source.Answer(TextValue("v"));
    } else if (dice < 8) {
      source.Answer(absl::NotFoundError(""));
    } else {
      source.Answer(absl::UnavailableError("down"));
    }
  }

  Random random_;
  TableRig rig_;
  /// Callers stay where they are while others come.
  std::deque<Caller> callers_;
  uint64_t too_late_ = 0;
  int answered_ = 0;
};

TEST(TableSoak, EverybodyIsAnsweredOnceOrLeftAndNothingStaysBehind) {
  int answered = 0;
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Soak soak(seed);
    soak.Run(400);
    answered += soak.answered();
    if (testing::Test::HasFailure()) break;
  }
  EXPECT_GT(answered, 40000);
}

}  // namespace
}  // namespace frontrunner
