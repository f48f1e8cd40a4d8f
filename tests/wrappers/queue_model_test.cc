// A queue against a model of itself: everything that can happen, in an order
// that a seed decides. After every step the queue must list what the model
// does, in the same order.
#include <algorithm>
#include <random>

#include "tests/wrappers/queue_rig.h"

namespace frontrunner {
namespace {

using Code = absl::StatusCode;

class QueueModelTest : public QueueTest,
                       public ::testing::WithParamInterface<int> {
 protected:
  struct ModelJob {
    size_t loop = 0;
    int priority = 0;
    /// What its done is to be told.
    Code expected = Code::kOk;
    int ends = 0;
    bool dropped = false;
    std::unique_ptr<Attempt> attempt;

    bool waits() const { return ends == 0 && !dropped; }
  };
  static constexpr size_t kMaxPending = 40;

  size_t Below(size_t end) { return random_() % end; }
  bool Chance(size_t percent) { return Below(100) < percent; }
  int AnyPriority() { return static_cast<int>(Below(4)); }
  /// A job that was asked for, most often one of the last.
  std::string AnyKey() {
    const size_t asked = jobs_.size();
    const size_t back = std::min(asked - 1, Below(Chance(90) ? 60 : asked));
    return std::to_string(asked - 1 - back);
  }

  // The model.
  void Wait(const std::string& key, int priority) {
    jobs_[key].priority = priority;
    place_[key] = {priority, next_place_++};
    waiting_[place_[key]] = key;
  }
  bool Waits(const std::string& key) const {
    const auto found = place_.find(key);
    return found != place_.end() && waiting_.contains(found->second);
  }
  void StartThoseDue() {
    while (!paused_ && !waiting_.empty() && underway_.size() < width_) {
      underway_.push_back(waiting_.begin()->second);
      waiting_.erase(waiting_.begin());
    }
  }
  void MoveTo(const std::string& key, int priority) {
    if (!Waits(key) || jobs_[key].priority == priority) return;
    waiting_.erase(place_[key]);
    Wait(key, priority);
  }
  bool HasPlace(const std::string& key) const {
    return std::find(underway_.begin(), underway_.end(), key) !=
           underway_.end();
  }
  /// If nobody holds it any more.
  void GiveBack(const std::string& key) {
    if (!HasPlace(key) || jobs_[key].waits() || source_->slots.contains(key)) {
      return;
    }
    std::erase(underway_, key);
    StartThoseDue();
  }

  // What happens.
  void AskOne() {
    const std::string key = std::to_string(jobs_.size());
    ModelJob& job = jobs_[key];
    job.loop = Below(loops_.size());
    Query query = TextQuery(key);
    query.priority = AnyPriority();
    const bool at_once =
        !paused_ && waiting_.empty() && underway_.size() < width_;
    if (at_once || waiting_.size() < kMaxPending) {
      Wait(key, query.priority);
      StartThoseDue();
    } else {
      job.expected = Code::kResourceExhausted;
      ++refused_;
    }
    job.attempt =
        limits_[job.loop]->Start(query, [this, key](const Outcome& outcome) {
          ModelJob& its = jobs_[key];
          ++its.ends;
          EXPECT_EQ(outcome.status().code(), its.expected) << key;
          GiveBack(key);
        });
    EXPECT_EQ(job.ends, 0) << "inside Start";
    EXPECT_EQ(source_->Has(key), at_once);
  }
  void DropOne(const std::string& key) {
    ModelJob& job = jobs_[key];
    if (!job.waits()) return;
    job.attempt = nullptr;
    job.dropped = true;
    if (Waits(key)) waiting_.erase(place_[key]);
    GiveBack(key);
  }
  void CancelOne(const std::string& key) {
    const Code code = queue_->Cancel(std::stoull(key) + 1).code();
    ModelJob& job = jobs_[key];
    if (Waits(key)) {
      EXPECT_EQ(code, Code::kOk);
      waiting_.erase(place_[key]);
      job.expected = Code::kAborted;
    } else if (!HasPlace(key)) {
      EXPECT_EQ(code, Code::kNotFound);
    } else if (job.waits() && job.expected == Code::kOk) {
      EXPECT_EQ(code, Code::kOk);
      job.expected = Code::kAborted;
    } else {
      EXPECT_EQ(code, Code::kFailedPrecondition);
    }
  }
  void ReprioritiseOne(const std::string& key) {
    const int priority = AnyPriority();
    if (Chance(50)) {
      if (!jobs_[key].waits()) return;
      jobs_[key].attempt->Reprioritise(priority);
    } else {
      EXPECT_EQ(queue_->Reprioritise(std::stoull(key) + 1, priority).code(),
                Waits(key)      ? Code::kOk
                : HasPlace(key) ? Code::kFailedPrecondition
                                : Code::kNotFound);
    }
    MoveTo(key, priority);
  }
  void AnswerOne(const std::string& key) {
    if (source_->Has(key)) source_->Answer(key);
  }
  void EndSlot(std::string key) {
    source_->slots.erase(key);
    GiveBack(key);
  }
  void ChangeWidth() {
    width_ = Below(7);
    if (Chance(30)) {
      paused_ = false;
      EXPECT_TRUE(queue_->Resume(static_cast<int>(width_)).ok());
    } else {
      EXPECT_TRUE(queue_->SetWidth(static_cast<int>(width_)).ok());
    }
    StartThoseDue();
  }
  void PauseOrResume() {
    paused_ = !paused_;
    if (paused_) {
      queue_->Pause();
    } else {
      EXPECT_TRUE(queue_->Resume().ok());
    }
    StartThoseDue();
  }
  void Clear() {
    EXPECT_EQ(queue_->ClearPending(), waiting_.size());
    for (const auto& [place, key] : waiting_) {
      jobs_[key].expected = Code::kAborted;
    }
    waiting_.clear();
  }

  void Step() {
    source_->keeps_slots = Chance(15);
    const size_t dice = Below(100);
    if (dice < 34) return AskOne();
    if (dice < 58) return AnswerOne(AnyKey());
    if (dice < 64) return DropOne(AnyKey());
    if (dice < 68) return CancelOne(AnyKey());
    if (dice < 74) return ReprioritiseOne(AnyKey());
    if (dice < 76) return ChangeWidth();
    if (dice < 78) return PauseOrResume();
    if (dice < 82 && !source_->slots.empty()) {
      return EndSlot(source_->slots.begin()->first);
    }
    if (dice < 83 && Chance(20)) return Clear();
    FakeLoop& loop = loops_[Below(loops_.size())];
    if (dice < 95) return loop.RunOneTurn();
    Run();
  }
  void Compare() const {
    EventLog waiting;
    for (const auto& [place, key] : waiting_) waiting.push_back(key);
    ASSERT_EQ(Pending(), waiting);
    ASSERT_EQ(Underway(), underway_);
  }

  std::mt19937_64 random_{static_cast<uint64_t>(GetParam())};
  std::map<std::string, ModelJob> jobs_;
  std::map<std::string, std::pair<int, uint64_t>> place_;
  std::map<std::pair<int, uint64_t>, std::string> waiting_;
  uint64_t next_place_ = 0;
  EventLog underway_;
  size_t width_ = 3;
  bool paused_ = false;
  uint64_t refused_ = 0;
};

TEST_P(QueueModelTest, AThousandJobsEndOnceAndStartInTheirOrder) {
  Make({.width = 3, .max_pending = kMaxPending}, 3);
  AskOne();
  while (jobs_.size() < 1000) {
    Step();
    ASSERT_NO_FATAL_FAILURE(Compare());
  }
  paused_ = false;
  width_ = 4;
  ASSERT_TRUE(queue_->Resume(4).ok());
  StartThoseDue();
  source_->keeps_slots = false;
  while (!waiting_.empty() || source_->underway() > 0 ||
         !source_->slots.empty()) {
    Run();
    if (source_->underway() > 0) AnswerOne(source_->AnyKey());
    if (!source_->slots.empty()) EndSlot(source_->slots.begin()->first);
    ASSERT_NO_FATAL_FAILURE(Compare());
  }
  Run();
  for (const auto& [key, job] : jobs_) {
    EXPECT_EQ(job.ends, job.dropped ? 0 : 1) << key;
  }
  const DispatchQueue::State end = state();
  EXPECT_EQ(end.pending, 0U);
  EXPECT_EQ(end.underway, 0U);
  EXPECT_EQ(end.late, 0U);
  const DispatchQueue::Counters& counters = end.counters;
  EXPECT_EQ(counters.queued, jobs_.size() - refused_);
  EXPECT_EQ(counters.refused, refused_);
  EXPECT_EQ(counters.queued,
            counters.finished + counters.cancelled + counters.aborted);
}

INSTANTIATE_TEST_SUITE_P(Seeds, QueueModelTest, ::testing::Range(1, 41));

}  // namespace
}  // namespace frontrunner
