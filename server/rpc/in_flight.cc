#include "server/rpc/in_flight.h"

#include <algorithm>

namespace frontrunner {

InFlight::Permit& InFlight::Permit::operator=(Permit&& other) noexcept {
  if (this != &other) {
    Release();
    owner_ = std::exchange(other.owner_, nullptr);
    count_ = other.count_;
  }
  return *this;
}

void InFlight::Permit::Release() {
  if (InFlight* owner = std::exchange(owner_, nullptr)) owner->End(count_);
}

bool InFlight::Overloaded(uint64_t word) const {
  return (word & kOverloaded) != 0 && (word & kCount) >= settings_.low;
}

InFlight::Admission InFlight::Begin(size_t count) {
  count = std::min(count, settings_.max);
  uint64_t word = word_.load(std::memory_order_relaxed);
  uint64_t next = 0;
  do {
    if ((word & kDraining) != 0) {
      refused_draining_.fetch_add(1, std::memory_order_relaxed);
      return {.permit = {}, .refusal = Refusal::kDraining};
    }
    const uint64_t outstanding = word & kCount;
    if (count == 0 || count > settings_.max - outstanding || Overloaded(word)) {
      refused_overloaded_.fetch_add(1, std::memory_order_relaxed);
      return {.permit = {}, .refusal = Refusal::kOverloaded};
    }
    next = outstanding + count;
    if (next > settings_.high) next |= kOverloaded;
  } while (!word_.compare_exchange_weak(word, next));
  return {.permit = Permit(this, count)};
}

bool InFlight::overloaded() const { return Overloaded(word_.load()); }

void InFlight::StartDraining() {
  if ((word_.fetch_or(kDraining) & kCount) == 0) RunEmpty();
}

void InFlight::WhenEmpty(absl::AnyInvocable<void() &&> empty) {
  {
    std::lock_guard lock(mutex_);
    empty_ = std::move(empty);
  }
  if (const uint64_t word = word_.load();
      (word & kDraining) != 0 && (word & kCount) == 0) {
    RunEmpty();
  }
}

void InFlight::End(size_t count) {
  const uint64_t before = word_.fetch_sub(count);
  if ((before & kDraining) != 0 && (before & kCount) == count) RunEmpty();
}

void InFlight::RunEmpty() {
  absl::AnyInvocable<void() &&> empty;
  {
    std::lock_guard lock(mutex_);
    empty = std::exchange(empty_, nullptr);
  }
  // Outside the lock: it may destroy this.
  if (empty) std::move(empty)();
}

}  // namespace frontrunner
