#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <random>

namespace frontrunner::demo {

/// How long a backend takes, call by call: mostly log-normal around a median,
/// and now and then far slower, as real ones are. The same settings give the
/// same sequence. Thread-safe.
class Latency {
 public:
  struct Settings {
    /// False: every call is answered at once.
    bool enabled = true;
    /// Half of the ordinary calls are faster.
    std::chrono::nanoseconds median = std::chrono::milliseconds(4);
    /// Spread of the ordinary calls: sigma of the logarithm.
    double sigma = 0.35;
    /// The share of slow calls, 0 to 1.
    double slow_ratio = 0.02;
    /// A slow call takes this many times its ordinary latency or more, up to
    /// twice as many.
    double slow_factor = 10;
    uint64_t seed = 1;
  };

  explicit Latency(const Settings& settings);

  /// The next call's. Zero where latency is off, never above 100 medians
  /// times the slow factor.
  std::chrono::nanoseconds Next();

 private:
  const Settings settings_;
  std::mutex mutex_;
  std::mt19937_64 random_;
  std::normal_distribution<double> normal_;
};

}  // namespace frontrunner::demo
