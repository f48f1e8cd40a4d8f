// frontrunner: asks a Frontrunner server from the command line.
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <string_view>
#include <variant>

#include "client/commands.h"
#include "client/options.h"

namespace {

bool IsSet(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

winsize TerminalSize() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) size = {};
  // Wider makes the picture no better, narrower makes it none.
  size.ws_col = size.ws_col < 60 ? 80 : size.ws_col > 160 ? 160 : size.ws_col;
  if (size.ws_row < 5) size.ws_row = 24;
  return size;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace frontrunner;  // NOLINT(google-build-using-namespace)
  try {
    const auto parsed = ParseOptions(argc, argv, std::cout, std::cerr);
    if (const auto* code = std::get_if<ExitCode>(&parsed)) return *code;
    const bool terminal = isatty(STDOUT_FILENO) == 1;
    const char* term = std::getenv("TERM");
    const bool dumb = term == nullptr || std::string_view(term) == "dumb";
    const winsize size = TerminalSize();
    const ExitCode code =
        RunCommand(std::get<Options>(parsed),
                   {.out = std::cout,
                    .err = std::cerr,
                    .terminal = terminal,
                    .redraw = terminal && !dumb,
                    .colour = terminal && !dumb && !IsSet("NO_COLOR"),
                    .columns = size.ws_col,
                    .rows = size.ws_row});
    std::cout.flush();
    // A full disk must not look like success.
    return std::cout ? code : kFailed;
  } catch (const std::exception& error) {
    std::cerr << "frontrunner: " << error.what() << "\n";
    return kFailed;
  }
}
