#pragma once

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "client/admin_session.h"

namespace frontrunner {

/// Shows something once, or, with --watch, again and again until it is
/// interrupted, which is no failure. `look` asks the server and returns what to
/// print: a line of JSON or text, ending with a line feed.
///
/// Watching goes on while the server is away, once it has been there, and tells
/// so; any other failure ends it. On a terminal each look is drawn in the place
/// of the one before and cut to the screen; else an empty line is between.
ExitCode Show(AdminSession& session,
              absl::FunctionRef<absl::StatusOr<std::string>()> look);

/// The frame of a look: moves to the top, draws `rows` lines at most, none
/// wrapped, and clears the rest of the screen.
std::string Frame(const std::string& text, size_t rows);

}  // namespace frontrunner
