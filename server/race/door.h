#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

#include "server/race/source.h"

namespace frontrunner {

/// Who takes in the outcomes of several attempts.
class Arrivals {
 public:
  /// May be called for an entrant that has answered already, and from inside a
  /// source's Start.
  virtual void Arrive(size_t entrant, Outcome outcome) = 0;

 protected:
  ~Arrivals() = default;
};

/// The one way in for outcomes. Every Done handed to a source holds the door,
/// not the race: when the race goes, the door is shut, and whatever a source
/// that breaks its contract still says falls on deaf ears.
class Door {
 public:
  /// Starts with one reference, the owner's.
  explicit Door(Arrivals* arrivals) : arrivals_(arrivals) {}

  void Shut() { arrivals_ = nullptr; }
  bool shut() const { return arrivals_ == nullptr; }

  void Arrive(size_t entrant, Outcome outcome) {
    if (arrivals_) arrivals_->Arrive(entrant, std::move(outcome));
  }

 private:
  friend class DoorRef;
  ~Door() = default;

  Arrivals* arrivals_;
  /// Atomic because a source may drop its Done on another thread.
  std::atomic<int> references_{1};
};

/// A reference to a door. With an entrant's number beside it, it still fits
/// into the two words that absl::AnyInvocable keeps without allocating.
class DoorRef {
 public:
  /// Takes over the owner's reference.
  explicit DoorRef(Door* door) noexcept : door_(door) {}
  DoorRef(const DoorRef& other) noexcept : door_(other.door_) {
    door_->references_.fetch_add(1, std::memory_order_relaxed);
  }
  DoorRef(DoorRef&& other) noexcept
      : door_(std::exchange(other.door_, nullptr)) {}
  DoorRef& operator=(const DoorRef&) = delete;
  DoorRef& operator=(DoorRef&&) = delete;
  ~DoorRef() {
    if (door_ &&
        door_->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      delete door_;
    }
  }

  Door* operator->() const { return door_; }

 private:
  Door* door_;
};

}  // namespace frontrunner
