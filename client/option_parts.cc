#include "client/option_parts.h"

#include <charconv>

#include "absl/strings/str_cat.h"
#include "client/durations.h"
#include "client/text.h"

namespace frontrunner {
namespace {

// More often than this would be a load, and nobody could read it.
constexpr Duration kShortestWatch = std::chrono::milliseconds(10);

std::optional<int64_t> ParseNumber(const std::string& text) {
  int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end) return std::nullopt;
  return number;
}

}  // namespace

CLI::Option* AddDuration(CLI::App& app, const std::string& name,
                         std::optional<Duration>& target,
                         const std::string& help) {
  return app
      .add_option_function<std::string>(
          name,
          [&target, name](const std::string& text) {
            target = ParseDuration(text);
            if (!target) {
              throw CLI::ValidationError(
                  name, "'" + Printable(text) +
                            "' is not a duration such as 250ms or 2s, "
                            "greater than zero");
            }
          },
          help)
      ->type_name("DURATION");
}

CLI::Option* AddWatch(CLI::App& app, std::optional<Duration>& target) {
  return app
      .add_option_function<std::string>(
          "--watch",
          [&target](const std::string& text) {
            // CLI11 says so where the option is there without a value.
            if (text.empty() || text == "true") {
              target = std::chrono::seconds(1);
              return;
            }
            target = ParseDuration(text);
            if (!target || *target < kShortestWatch) {
              throw CLI::ValidationError(
                  "--watch", "'" + Printable(text) +
                                 "' is not an interval such as 2s, at least "
                                 "10ms; without one put --watch last");
            }
          },
          "Show it again every so often, a second where not given")
      ->expected(0, 1)
      ->type_name("[INTERVAL]");
}

CLI::Option* AddNumber(CLI::App& app, const std::string& name,
                       const NumberBounds& bounds,
                       std::optional<int64_t>& target,
                       const std::string& help) {
  return app
      .add_option_function<std::string>(
          name,
          [&target, name, bounds](const std::string& text) {
            target = ParseNumber(text);
            if (!target || *target < bounds.least || *target > bounds.most) {
              throw CLI::ValidationError(
                  name, absl::StrCat("'", Printable(text), "' is not a ",
                                     bounds.what, ": a whole number, ",
                                     bounds.least, " to ", bounds.most));
            }
          },
          help)
      ->type_name("NUMBER");
}

CLI::Option* AddTable(CLI::App& app, std::string& target) {
  return AddName(app, "table", target, "A table of the server's");
}

CLI::Option* AddName(CLI::App& app, const std::string& name,
                     std::string& target, const std::string& help) {
  return app
      .add_option_function<std::string>(
          name,
          [&target, name](const std::string& text) {
            if (!IsUtf8(text)) {
              throw CLI::ValidationError(name, "is not UTF-8");
            }
            target = text;
          },
          help)
      ->type_name("")
      ->required();
}

}  // namespace frontrunner
