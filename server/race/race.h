#pragma once

#include <bitset>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "server/loop/loop.h"
#include "server/race/attempt_budget.h"
#include "server/race/result.h"
#include "server/race/source.h"

namespace frontrunner {

/// When an entrant starts.
struct StartRule {
  enum Kind {
    /// With the race.
    kAtOnce,
    /// When `after` has passed, or when every entrant before it is out. A
    /// hedge,
    /// if an entrant before it that is no cache still runs when the time has
    /// passed.
    kAfter,
    /// Only when every entrant before it is out.
    kOthersFail,
  };
  Kind kind = kAtOnce;
  /// For kAfter; zero or more.
  Duration after{0};
};

/// A set of status codes, by number.
using CodeSet = std::bitset<17>;

/// A source as it takes part in one table's races.
struct Entrant {
  /// Never null; may be shared with other tables of the same loop.
  std::shared_ptr<Source> source;
  StartRule start;
  /// A failure (or miss) with such a code ends the race at once.
  CodeSet final_codes;
  /// Memory, redis, memcached: judged apart when all are out (failures.h).
  bool is_cache = false;
  /// Of a backend, whose attempts are a load on somebody else. Told of every
  /// race in which the entrant takes part, unless memory alone decided it;
  /// asked before the entrant starts as a hedge, which is behind another
  /// backend that still has the question. Refused, it waits until those before
  /// it are out. Null: no backend, starts freely.
  std::shared_ptr<AttemptBudget> budget;
};

/// Who of the entrants may take part.
enum class CachePolicy {
  kDefault = 0,
  /// Caches stay out.
  kBypass = 1,
  /// Only caches take part.
  kOnly = 2,
};

using RaceDone = absl::AnyInvocable<void(RaceResult) &&>;

/// One race under way. Destroying it cancels every entrant; RaceDone will not
/// run afterwards.
class RaceRun : public Attempt {
 public:
  /// The report as it would read if the race were given up now: entrants still
  /// running are kCancelled with `code`, the outcome is a failure with `code`.
  virtual RaceResult AsIfAbandoned(absl::StatusCode code) const = 0;
};

/// Asks its entrants by the rules of a race; the first success is the answer.
/// Itself a source, so races nest (always kConnected: each entrant waits for
/// its own connection). Its entrants may misbehave: throw from Start, answer
/// inside it, or answer twice.
class Race final : public Source {
 public:
  struct Settings {
    std::string name;
    std::vector<Entrant> entrants;
  };

  /// `loop` outlives the race.
  Race(Loop& loop, Settings settings);
  ~Race() override;

  std::string_view name() const override;
  std::unique_ptr<Attempt> Start(const Query& query, Done done) override;

  /// Like Start, with a cache policy and everything there is to say at the end.
  /// `done` runs exactly once, on the loop and never inside Run, unless the
  /// RaceRun is destroyed first; it may destroy the RaceRun. The race may be
  /// destroyed before the run.
  [[nodiscard]] std::unique_ptr<RaceRun> Run(const Query& query,
                                             CachePolicy policy, RaceDone done);

  const std::vector<Entrant>& entrants() const { return settings_->entrants; }

 private:
  Loop& loop_;
  const std::shared_ptr<const Settings> settings_;
};

}  // namespace frontrunner
