#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace frontrunner::memory {

/// Remembers the keys that were turned out last, by 32 bits of their hash: the
/// third queue of S3-FIFO. A table of fixed size whose sets hold four keys
/// each; the oldest of a set makes room. It may forget early and, once in about
/// a thousand million questions, remember what never was; both cost a hit, not
/// correctness. Not thread-safe.
class GhostQueue {
 public:
  /// `slots` is rounded down to a power of two, and up to one set.
  explicit GhostQueue(size_t slots) {
    size_t sets = 1;
    while (sets * 2 * kWays <= slots) sets *= 2;
    mask_ = sets - 1;
    slots_ = std::make_unique<Slot[]>(sets * kWays);
  }

  /// Of the table itself.
  size_t bytes() const { return (mask_ + 1) * kWays * sizeof(Slot); }

  void Remember(uint64_t hash) {
    Slot* const set = SetOf(hash);
    Slot* oldest = set;
    for (Slot* slot = set; slot != set + kWays; ++slot) {
      if (slot->mark == MarkOf(hash)) {
        oldest = slot;
        break;
      }
      if (AgeOf(*slot) > AgeOf(*oldest)) oldest = slot;
    }
    *oldest = Slot{MarkOf(hash), ++born_};
  }

  /// Whether `hash` is among the last `length` remembered; forgets it.
  bool Take(uint64_t hash, size_t length) {
    Slot* const set = SetOf(hash);
    for (Slot* slot = set; slot != set + kWays; ++slot) {
      if (slot->born == 0 || slot->mark != MarkOf(hash)) continue;
      const bool recent = AgeOf(*slot) < length;
      *slot = Slot{};
      return recent;
    }
    return false;
  }

 private:
  static constexpr size_t kWays = 4;

  struct Slot {
    uint32_t mark = 0;
    /// Its number in the order of remembering; 0 for an empty slot.
    uint32_t born = 0;
  };

  // The set is chosen by low bits, the mark is made of high ones.
  static uint32_t MarkOf(uint64_t hash) {
    return static_cast<uint32_t>(hash >> 32);
  }
  Slot* SetOf(uint64_t hash) const { return &slots_[(hash & mask_) * kWays]; }
  /// Counted in keys remembered since; wraps as `born_` does.
  uint32_t AgeOf(const Slot& slot) const { return born_ - slot.born; }

  size_t mask_ = 0;
  std::unique_ptr<Slot[]> slots_;
  uint32_t born_ = 0;
};

}  // namespace frontrunner::memory
