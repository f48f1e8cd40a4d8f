#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "frontrunner/v1/race.pb.h"
#include "google/rpc/status.pb.h"
#include "server/base/status.h"
#include "server/base/time.h"
#include "server/rpc/transport.h"
#include "server/tables/reason.h"

namespace frontrunner {

/// Google's spelling of a failed call: code, message, and details with exactly
/// one google.rpc.ErrorInfo (domain "frontrunner"). Thread-safe; never changes.
class Errors {
 public:
  struct Settings {
    /// RetryInfo.retry_delay of the failures that are worth a second try. Long
    /// enough for a balancer to notice, short enough for a person not to.
    Duration retry_delay = std::chrono::milliseconds(100);
  };

  explicit Errors(Settings settings);

  /// What there is to say about a failure.
  struct Failure {
    Reason reason = Reason::kInvalidRequest;
    absl::StatusCode code = absl::StatusCode::kInvalidArgument;
    /// Well-formed UTF-8.
    std::string_view message;
    /// Becomes ErrorInfo.metadata["table"]; may be empty.
    std::string_view table;
    /// May be null.
    const v1::RaceReport* report = nullptr;
  };

  /// The rich status, as big as it is told to be.
  google::rpc::Status Status(const Failure& failure) const;

  /// The rich status of a failure without a race; the code is the reason's. A
  /// message or table that is too long is cut, bytes that are not UTF-8 are
  /// replaced.
  google::rpc::Status Plain(Reason reason, std::string_view message,
                            std::string_view table = {}) const;

  /// A call that the server's own bound or drain refused. Made beforehand: a
  /// refusal must cost less than an answer.
  const Reply& Refused(Refusal refusal) const {
    return refusal == Refusal::kOverloaded ? overloaded_ : draining_;
  }

  /// No table is called `name`, but there are these that it may be a slip of.
  google::rpc::Status UnknownTable(
      std::string_view name,
      const std::vector<std::string_view>& near_names) const;

 private:
  const Settings settings_;
  Reply overloaded_;
  Reply draining_;
};

/// The code that goes with a reason; for the reasons whose failures bring their
/// own code (kAllSourcesFailed, kFinalFailure) kUnknown.
absl::StatusCode CodeOf(Reason reason);

/// Whether a failure carries RetryInfo: trying again is safe, and may help.
bool WorthRetrying(Reason reason, absl::StatusCode code);

Reply AsReply(const google::rpc::Status& status);

/// A call that its caller has given up: nobody reads it.
Reply CancelledReply();

}  // namespace frontrunner
