#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace frontrunner {

/// Keys to be fetched into a table's caches, as one call brings them.
struct PrefetchKeys {
  /// Chosen by the caller; any number of calls with one id make a prefetch.
  std::string id;
  /// The same in all calls of an id.
  std::string table;
  std::vector<std::string> keys;
  /// In dispatch queues. That of the first call counts.
  int priority = 100;
  /// No more keys will follow.
  bool last = false;
};

/// How far a prefetch is. Keys are counted once each.
struct PrefetchView {
  struct Failure {
    absl::StatusCode code = absl::StatusCode::kUnknown;
    uint64_t count = 0;
    /// What the first such failure said.
    std::string message;
  };

  std::string id;
  std::string table;
  int priority = 0;
  uint64_t accepted = 0;
  uint64_t stored = 0;
  uint64_t failed = 0;
  uint64_t pending = 0;
  uint64_t underway = 0;
  uint64_t cancelled = 0;
  bool complete = false;
  bool finished = false;
  /// Keys that ended, over the last seconds.
  double per_second = 0;
  /// By code.
  std::vector<Failure> failures;
};

/// Prefetches, as handlers see them. Thread-safe; never blocks. Callbacks run
/// once each unless said otherwise, on a thread of its own or inside the call,
/// and must not block either.
///
/// Failures: kNotFound for an unknown id; those of WithRefusal where its own
/// bounds, or the drain, refuse a call; kUnavailable where the journal can't be
/// written, with nothing changed.
class PrefetchControl {
 public:
  virtual ~PrefetchControl() = default;

  /// `done` gets how many keys of this prefetch are in the journal, once these
  /// are. kFailedPrecondition after the last call (the last call repeated is
  /// welcome), after Cancel, and for an id of another table.
  virtual void Accept(
      PrefetchKeys keys,
      absl::AnyInvocable<void(absl::StatusOr<uint64_t>) &&> done) = 0;

  /// The latest first.
  virtual void List(
      absl::AnyInvocable<void(absl::StatusOr<std::vector<PrefetchView>>) &&>
          done) = 0;

  /// Forgets the pending keys; those underway go on. For good. A prefetch that
  /// is finished stays as it is.
  virtual void Cancel(
      std::string id,
      absl::AnyInvocable<void(absl::StatusOr<PrefetchView>) &&> done) = 0;

  /// Runs `changed` at once and then on every change, at most ten times a
  /// second, until the prefetch is finished or there is a failure: that time is
  /// the last.
  virtual uint64_t Watch(
      std::string id,
      absl::AnyInvocable<void(absl::StatusOr<PrefetchView>)> changed) = 0;

  /// Forgets a watch, soon. One that has ended already is none.
  virtual void Unwatch(uint64_t watch) = 0;
};

}  // namespace frontrunner
