#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "deploy/demo/latency.h"
#include "deploy/demo/names_table.h"
#include "frontrunner/v1/lookup.grpc.pb.h"

namespace frontrunner::demo {

/// What the backend has seen since it started. Thread-safe.
struct BackendStats {
  /// Lookups of names; questions for the statistics do not count.
  std::atomic<int64_t> calls{0};
  /// Not yet answered or cancelled.
  std::atomic<int64_t> underway{0};
  std::atomic<int64_t> max_underway{0};
  /// Ended by the caller before an answer was sent.
  std::atomic<int64_t> cancelled{0};
  /// Failed on purpose.
  std::atomic<int64_t> failed{0};
};

/// A backend as one would meet it: LookupService over the listed character
/// names, each answer after a while. It offers Lookup alone.
///
/// Table "unicode": key "U+1F3C1", value "CHEQUERED FLAG"; NOT_FOUND for a code
/// point without a listed name and for anything that is not a code point.
/// Table "_stats": key "calls", "underway", "max_underway", "cancelled" or
/// "failed", value a decimal number, answered at once.
///
/// A cancelled call is not answered, and gives its timer back at once. No call
/// holds a thread.
class BackendService final
    : public frontrunner::v1::LookupService::CallbackService {
 public:
  struct Settings {
    Latency::Settings latency;
    /// Where not OK: every `fail_every`-th lookup fails with this, after its
    /// latency.
    absl::StatusCode fail_code = absl::StatusCode::kOk;
    /// 1 or more.
    int fail_every = 1;
  };

  /// `names` outlives the service.
  BackendService(const NamesTable& names, const Settings& settings);

  grpc::ServerUnaryReactor* Lookup(
      grpc::CallbackServerContext* context,
      const frontrunner::v1::LookupRequest* request,
      frontrunner::v1::LookupResponse* response) override;

  const BackendStats& stats() const { return stats_; }

  /// "calls 12, underway 0, max_underway 3, cancelled 1, failed 0".
  std::string Summary() const;

 private:
  class Answer;

  grpc::Status Find(const std::string& key,
                    frontrunner::v1::LookupResponse& response) const;
  grpc::Status FindStatistic(const std::string& key,
                             frontrunner::v1::LookupResponse& response) const;

  const NamesTable& names_;
  const Settings settings_;
  Latency latency_;
  BackendStats stats_;
};

}  // namespace frontrunner::demo
