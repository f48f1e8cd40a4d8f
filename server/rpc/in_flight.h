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
///
/// Two water marks keep a server that has fallen behind from being asked more
/// (rule 16): with more than `high` under way everybody is refused until fewer
/// than `low` are left, so that it catches up instead of living at its limit.
class InFlight {
 public:
  struct Settings {
    /// Nothing gets beyond it.
    size_t max = 0;
    /// Above it the server is overloaded …
    size_t high = SIZE_MAX;
    /// … until fewer than these are left.
    size_t low = SIZE_MAX;
  };

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

  explicit InFlight(Settings settings) : settings_(settings) {}

  /// `count` at once, or a refusal. A count above the most is counted as the
  /// most, so that a batch can always get in where nobody else is.
  Admission Begin(size_t count = 1);

  /// From now on every Begin is refused with kDraining. For good.
  void StartDraining();
  bool draining() const { return (word_.load() & kDraining) != 0; }

  /// Runs `empty` once: when the server is draining and nothing is under way.
  /// Perhaps inside this call, else on whatever thread ends the last call. To
  /// be called at most once.
  void WhenEmpty(absl::AnyInvocable<void() &&> empty);

  size_t outstanding() const { return word_.load() & kCount; }
  /// Everybody is refused now, by the water marks.
  bool overloaded() const;
  const Settings& settings() const { return settings_; }
  /// Calls refused since the server started.
  uint64_t refused_overloaded() const { return refused_overloaded_.load(); }
  uint64_t refused_draining() const { return refused_draining_.load(); }

 private:
  /// Bits of the count's word: no call can slip in between the last look at one
  /// and the change of the other.
  static constexpr uint64_t kDraining = uint64_t{1} << 63;
  /// `high` was exceeded; over as soon as fewer than `low` are left.
  static constexpr uint64_t kOverloaded = uint64_t{1} << 62;
  static constexpr uint64_t kCount = kOverloaded - 1;

  void End(size_t count);
  void RunEmpty();

  bool Overloaded(uint64_t word) const;

  const Settings settings_;
  std::atomic<uint64_t> word_{0};
  std::atomic<uint64_t> refused_overloaded_{0};
  std::atomic<uint64_t> refused_draining_{0};
  std::mutex mutex_;  // guards empty_
  absl::AnyInvocable<void() &&> empty_;
};

}  // namespace frontrunner
