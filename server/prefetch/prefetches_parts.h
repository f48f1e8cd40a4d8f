#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/prefetch/prefetches.h"

// What prefetches.cc, prefetches_write.cc and prefetches_jobs.cc share.

namespace frontrunner {

/// A call's place among those that wait for the writer.
class Prefetches::Ticket {
 public:
  Ticket(std::shared_ptr<Queued> queued, size_t bytes)
      : queued_(std::move(queued)), bytes_(bytes) {
    ++queued_->calls;
    queued_->bytes += bytes_;
  }
  Ticket(Ticket&& other) noexcept = default;
  Ticket& operator=(Ticket&& other) noexcept = delete;
  ~Ticket() {
    if (!queued_) return;
    --queued_->calls;
    queued_->bytes -= bytes_;
  }

 private:
  std::shared_ptr<Queued> queued_;
  size_t bytes_;
};

/// Keys to be written, and who waits for that.
struct Prefetches::Acceptance {
  PrefetchKeys keys;
  absl::AnyInvocable<void(absl::StatusOr<uint64_t>) &&> done;
  Ticket ticket;
};

struct Prefetches::Cancellation {
  int64_t number = 0;
  absl::AnyInvocable<void(absl::StatusOr<PrefetchView>) &&> done;
};

/// What one transaction writes, and what it says.
struct Prefetches::Batch {
  std::vector<Acceptance> acceptances;
  /// One for each.
  std::vector<Journal::Accepted> accepted;
  std::vector<Cancellation> cancellations;
  std::vector<End> ends;
  /// Those changed, as they are afterwards.
  std::vector<PrefetchRecord> records;
};

}  // namespace frontrunner
