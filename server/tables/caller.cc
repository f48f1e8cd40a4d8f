#include "server/tables/caller.h"

#include <utility>

namespace frontrunner {

Caller::Caller(LookupCall lookup, LookupDone done)
    : lookup_(std::move(lookup)), done_(std::move(done)) {}

Caller::~Caller() {
  if (host) host->Leave(*this);
}

void Caller::Reprioritise(int priority) {
  const int before = lookup_.priority;
  lookup_.priority = priority;
  if (host && priority != before) host->PriorityChanged(*this, before);
}

void Caller::Answer(LookupResult result) {
  LookupDone done = std::move(done_);
  std::move(done)(std::move(result));
}

void Caller::AnswerLater(Loop& loop, LookupResult result) {
  later_ = loop.At(loop.Now(), [this, result = std::move(result)]() mutable {
    Answer(std::move(result));
  });
}

void Caller::TellParked() {
  auto parked = std::exchange(lookup_.parked, nullptr);
  if (parked) std::move(parked)();
}

}  // namespace frontrunner
