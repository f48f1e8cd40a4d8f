#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "server/base/time.h"

namespace frontrunner {

/// Inside the command line only: pieces that several of its verbs are made of.
/// `target` must live as long as the app; mistakes are CLI::ValidationErrors
/// with a sentence.

/// "250ms"; greater than zero.
CLI::Option* AddDuration(CLI::App& app, const std::string& name,
                         std::optional<Duration>& target,
                         const std::string& help);

/// --watch [INTERVAL], a second where none is given.
CLI::Option* AddWatch(CLI::App& app, std::optional<Duration>& target);

/// A positional or option that is a whole number within bounds. `what` is the
/// noun of the sentence: "'x' is not a width: a whole number, 0 to 9".
struct NumberBounds {
  const char* what;
  int64_t least;
  int64_t most;
};
CLI::Option* AddNumber(CLI::App& app, const std::string& name,
                       const NumberBounds& bounds,
                       std::optional<int64_t>& target, const std::string& help);

/// The TABLE of a verb, which must be UTF-8 as every table is.
CLI::Option* AddTable(CLI::App& app, std::string& target);

/// A name that the server knows: of a queue, or a prefetch. UTF-8, not empty.
CLI::Option* AddName(CLI::App& app, const std::string& name,
                     std::string& target, const std::string& help);

/// What --json prints, for verbs of AdminService.
inline constexpr char kAdminFooter[] =
    R"(--json prints the response in protobuf's JSON mapping (64-bit numbers are
strings), or {"failed": ...} with a google.rpc.Status.)";

/// The same, where --watch is there too.
inline constexpr char kWatchFooter[] =
    R"(--watch shows it again and again until Ctrl-C: on a terminal in one place,
else one after the other. It looks on while the server is away.

--json prints the response in protobuf's JSON mapping (64-bit numbers are
strings), or {"failed": ...} with a google.rpc.Status; a line each time. Keys
are in base64, and beside them "keyText" says the same where it is UTF-8.)";

}  // namespace frontrunner
