#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "server/base/status.h"

namespace frontrunner {

/// Bounds the calls under way in the whole server, and knows when a draining
/// server has none left. Thread-safe; outlives its permits.
///
/// A unary call counts one. A batch counts once for each key that it may have
/// under way at a time (the smaller of its keys and its window), from its
/// beginning to its end and all or nothing, so that one number bounds the
/// lookups which the server works on. Health and admin calls do not count: they
/// are wanted most when a server is full or draining.
class InFlight {
 public:
  /// The right to be under way. Destroying it gives it back.
  class Permit {
   public:
    Permit() = default;
    Permit(Permit&& other) noexcept
        : owner_(std::exchange(other.owner_, nullptr)), count_(other.count_) {}
    Permit& operator=(Permit&& other) noexcept;
    Permit(const Permit&) = delete;
    Permit& operator=(const Permit&) = delete;
    ~Permit() { Release(); }

    /// False for a refusal, and when it has been given back.
    explicit operator bool() const { return owner_ != nullptr; }
    /// Gives it back early.
    void Release();

   private:
    friend class InFlight;
    Permit(InFlight* owner, size_t count) : owner_(owner), count_(count) {}

    InFlight* owner_ = nullptr;
    size_t count_ = 0;
  };

  struct Admission {
    Permit permit;
    /// Meaningful without a permit.
    Refusal refusal = Refusal::kOverloaded;
  };

  explicit InFlight(size_t max) : max_(max) {}

  /// `count` at once, or a refusal. A count above max() is counted as max(), so
  /// that a batch can always get in where nobody else is.
  Admission Begin(size_t count = 1);

  /// From now on every Begin is refused with kDraining. For good.
  void StartDraining();
  bool draining() const { return (word_.load() & kDraining) != 0; }

  /// Runs `empty` once: when the server is draining and nothing is under way.
  /// Perhaps inside this call, else on whatever thread ends the last call. To
  /// be called at most once.
  void WhenEmpty(absl::AnyInvocable<void() &&> empty);

  size_t outstanding() const { return word_.load() & ~kDraining; }
  size_t max() const { return max_; }
  /// Calls refused since the server started.
  uint64_t refused_overloaded() const { return refused_overloaded_.load(); }
  uint64_t refused_draining() const { return refused_draining_.load(); }

 private:
  /// Draining is a bit of the count's word: no call can slip in between the
  /// last look at one and the change of the other.
  static constexpr uint64_t kDraining = uint64_t{1} << 63;

  void End(size_t count);
  void RunEmpty();

  const size_t max_;
  std::atomic<uint64_t> word_{0};
  std::atomic<uint64_t> refused_overloaded_{0};
  std::atomic<uint64_t> refused_draining_{0};
  std::mutex mutex_;  // guards empty_
  absl::AnyInvocable<void() &&> empty_;
};

}  // namespace frontrunner
