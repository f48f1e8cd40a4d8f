#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "server/base/time.h"
#include "server/race/source.h"

namespace frontrunner {

/// What became of a source's attempts since the server started. Relaxed
/// atomics: written by every loop, read by anyone; figures read together may be
/// a moment apart.
struct SourceStats {
  std::atomic<uint64_t> started{0};
  std::atomic<uint64_t> succeeded{0};
  std::atomic<uint64_t> missed{0};
  /// By status code; kNotFound and kOk stay zero.
  std::array<std::atomic<uint64_t>, 17> failed{};
  /// Destroyed before their outcome. Their latencies are unknown, not short.
  std::atomic<uint64_t> cancelled{0};
  /// Of attempts that succeeded or missed; nanoseconds.
  std::atomic<uint64_t> latency_sum{0};

  uint64_t failures() const;
  /// Started and neither ended nor cancelled.
  uint64_t underway() const;
  /// Zero where nothing was answered yet.
  Duration mean_latency() const;
};

/// Counts what becomes of each attempt. Closest to the source, so that the
/// latency is the source's own.
std::shared_ptr<Source> WithMeasure(const Clock& clock,
                                    std::shared_ptr<SourceStats> stats,
                                    std::shared_ptr<Source> inner);

}  // namespace frontrunner
