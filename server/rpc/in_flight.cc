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

InFlight::Admission InFlight::Begin(size_t count) {
  count = std::min(count, max_);
  uint64_t word = word_.load(std::memory_order_relaxed);
  do {
    if ((word & kDraining) != 0) {
      refused_draining_.fetch_add(1, std::memory_order_relaxed);
      return {.permit = {}, .refusal = Refusal::kDraining};
    }
    if (count == 0 || count > max_ - word) {
      refused_overloaded_.fetch_add(1, std::memory_order_relaxed);
      return {.permit = {}, .refusal = Refusal::kOverloaded};
    }
  } while (!word_.compare_exchange_weak(word, word + count));
  return {.permit = Permit(this, count)};
}

void InFlight::StartDraining() {
  if (word_.fetch_or(kDraining) == 0) RunEmpty();
}

void InFlight::WhenEmpty(absl::AnyInvocable<void() &&> empty) {
  {
    std::lock_guard lock(mutex_);
    empty_ = std::move(empty);
  }
  if (word_.load() == kDraining) RunEmpty();
}

void InFlight::End(size_t count) {
  if (word_.fetch_sub(count) == (kDraining | count)) RunEmpty();
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
