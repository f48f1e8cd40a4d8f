#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "server/base/time.h"
#include "server/race/query.h"
#include "server/race/value.h"

namespace frontrunner {

/// A value, or why there is none. A source that works and does not have the
/// key says kNotFound: a miss, which never wins.
using Outcome = absl::StatusOr<Value>;

/// Called with the outcome of one attempt. It may destroy the Attempt (and the
/// source's last owner may go with it), so nothing may be touched after it.
using Done = absl::AnyInvocable<void(Outcome) &&>;

/// One try. Destroying it cancels it: its Done will not run afterwards, and
/// whatever it held (a call, a transfer, a reply slot) is given back.
class Attempt {
 public:
  virtual ~Attempt() = default;

  /// How often the source has been asked so far.
  virtual int attempts() const { return 1; }

  /// Since when it has not waited for its turn any more: kNever while it does,
  /// TimePoint::min() where it did not have to. Where several are asked,
  /// together or one after another, the latest of all who have started, but for
  /// those who ended without it.
  virtual TimePoint turn_came() const { return TimePoint::min(); }

  /// The most urgent priority of those who now wait for it has changed.
  virtual void Reprioritise(int /*priority*/) {}
};

/// Whether asking now can succeed.
enum class Connectivity {
  /// The first connection attempt is under way.
  kOpening,
  kConnected,
  /// The last attempt failed; further ones are made with backoff.
  kDisconnected,
};

/// Anything that can answer. Belongs to one loop; every member but
/// connectivity() and Peek() is for that loop's thread. A wrapper takes a
/// source and is one; so does, and is, a race.
class Source {
 public:
  virtual ~Source() = default;

  /// The name in the configuration.
  virtual std::string_view name() const = 0;

  /// Asks. Runs `done` exactly once, on the loop, never inside Start, unless
  /// the Attempt is destroyed first. Never returns null. The query is copied
  /// where it is needed beyond Start.
  ///
  /// Failures name what went wrong without any part of a key or value.
  [[nodiscard]] virtual std::unique_ptr<Attempt> Start(const Query& query,
                                                       Done done) = 0;

  /// Any thread. Sources without connections are always connected.
  virtual Connectivity connectivity() const { return Connectivity::kConnected; }

  /// Runs `opened` once, on the loop and never inside the call, when
  /// connectivity() stops being kOpening; not if the source is destroyed first.
  /// Asked only of a source that is kOpening.
  virtual void WhenOpened(absl::AnyInvocable<void() &&> /*opened*/) {}

  /// Whether Peek can ever answer.
  virtual bool peekable() const { return false; }

  /// The value, if it can be had at once and without I/O. Any thread.
  virtual std::optional<Value> Peek(const CallContext& /*call*/) {
    return std::nullopt;
  }
};

/// Hears of values that somebody else, perhaps another server, has put into a
/// store that is shared. Belongs to one loop.
class KeyWatch {
 public:
  virtual ~KeyWatch() = default;

  /// Runs `changed`, on the loop and never inside the call, whenever the key
  /// may have been put since the last time it ran: once the watch is in place
  /// (what was put before is found by looking now), after every Put that is
  /// announced, and after every time that announcements could have been lost.
  /// May run without a reason, so it says "look again", not "it is there".
  /// Destroying the Attempt ends the watch; `changed` may do so.
  [[nodiscard]] virtual std::unique_ptr<Attempt> Watch(
      std::shared_ptr<const CallContext> call,
      absl::AnyInvocable<void()> changed) = 0;
};

/// A cache is three sources over one store. Each is wrapped (timeout, measured)
/// like any other source.
struct Cache {
  /// Takes part in races.
  std::shared_ptr<Source> find;
  /// Keeps query.to_store; its success is a Value with empty bytes.
  std::shared_ptr<Source> store;
  /// Removes the key; a key that was not there is a success too.
  std::shared_ptr<Source> erase;
  /// Null where the store can't tell, or is nobody else's.
  std::shared_ptr<KeyWatch> watch;
};

}  // namespace frontrunner
