#include "tests/fakes/fake_source.h"

#include <cstdlib>
#include <iostream>
#include <utility>

namespace frontrunner {

Value TextValue(std::string_view text) {
  Value value;
  value.bytes = MakeBytes(std::string(text));
  return value;
}

Query TextQuery(std::string_view key) {
  auto call = std::make_shared<CallContext>();
  call->table = "t";
  call->key = std::string(key);
  call->hash = std::hash<std::string_view>()(key);
  Query query;
  query.call = std::move(call);
  return query;
}

class FakeSource::FakeAttempt final : public Attempt {
 public:
  FakeAttempt(FakeSource& source, int priority, Done done)
      : source_(source), priority_(priority), done_(std::move(done)) {
    place_ = source_.underway_.insert(source_.underway_.end(), this);
  }
  ~FakeAttempt() override {
    if (!answered_) {
      source_.underway_.erase(place_);
      source_.Log("cancel");
    }
  }
  TimePoint turn_came() const override { return source_.turn_came_; }
  void Reprioritise(int priority) override { priority_ = priority; }

  /// `done` may destroy this attempt.
  void Answer(Outcome outcome) {
    answered_ = true;
    source_.underway_.erase(place_);
    source_.Log("done");
    Done done = std::move(done_);
    std::move(done)(std::move(outcome));
  }
  int priority() const { return priority_; }

 private:
  FakeSource& source_;
  int priority_;
  Done done_;
  bool answered_ = false;
  std::list<FakeAttempt*>::iterator place_;
};

FakeSource::FakeSource(std::string name, EventLog* log)
    : name_(std::move(name)), log_(log) {}

FakeSource::~FakeSource() {
  if (!underway_.empty()) {
    std::cerr << name_ << " is destroyed before its attempts\n";
    std::abort();
  }
}

std::unique_ptr<Attempt> FakeSource::Start(const Query& query, Done done) {
  ++started_;
  last_query_ = query;
  if (keep_slots_) slots_.push_back(query.slot);
  last_query_.slot = nullptr;
  Log("start");
  return std::make_unique<FakeAttempt>(*this, query.priority, std::move(done));
}

void FakeSource::WhenOpened(absl::AnyInvocable<void() &&> opened) {
  when_opened_.push_back(std::move(opened));
}

std::optional<Value> FakeSource::Peek(const CallContext&) { return peek_; }

void FakeSource::Answer(Outcome outcome) {
  if (underway_.empty()) {
    std::cerr << name_ << " has no attempt to answer\n";
    std::abort();
  }
  underway_.front()->Answer(std::move(outcome));
}

std::vector<int> FakeSource::priorities() const {
  std::vector<int> priorities;
  for (const FakeAttempt* attempt : underway_) {
    priorities.push_back(attempt->priority());
  }
  return priorities;
}

void FakeSource::set_connectivity(Connectivity connectivity) {
  connectivity_ = connectivity;
  if (connectivity == Connectivity::kOpening) return;
  for (auto& opened : std::exchange(when_opened_, {})) std::move(opened)();
}

void FakeSource::set_peek(std::optional<Value> value) {
  peekable_ = true;
  peek_ = std::move(value);
}

void FakeSource::Log(std::string_view what) {
  if (log_) log_->push_back(name_ + " " + std::string(what));
}

}  // namespace frontrunner
