#pragma once

#include <cstddef>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "client/options.h"

namespace frontrunner {

/// Where a command prints.
struct Output {
  std::ostream& out;
  std::ostream& err;
  /// `out` is a terminal: values are escaped for it.
  bool terminal = false;
  /// ... one that understands escape sequences, so that what it shows can be
  /// drawn again in its place.
  bool redraw = false;
  /// What --color=auto means here.
  bool colour = false;
  size_t columns = 80;
  size_t rows = 24;
};

/// What a command exits with after a call that ended so.
ExitCode CodeOf(const absl::Status& status);

/// A failure as a line without line feed: "frontrunner: SUBJECT: CODE (REASON):
/// sentence"; without subject where that is empty. Everything is escaped.
std::string FailureText(const std::string& subject, const absl::Status& status,
                        bool ascii = false);

/// Prints a failure, for people to `err`, with `json` to `out`. Returns its
/// CodeOf.
ExitCode TellFailure(const Output& output, bool json,
                     const absl::Status& status);

}  // namespace frontrunner
