#include "tests/fuzz/fuzz_config.h"

#include <algorithm>
#include <string>

#include "server/config/config.h"
#include "tests/fuzz/fuzz_check.h"

namespace frontrunner {
namespace {

void CheckMistake(const Mistake& mistake, int lines) {
  FuzzCheck(!mistake.text.empty(), "a mistake is explained");
  FuzzCheck(mistake.line >= 0 && mistake.line <= lines,
            "a mistake is in a line of the file");
  FuzzCheck((mistake.line == 0) == (mistake.column == 0),
            "a place has a line and a column, or neither");
  FuzzCheck(
      std::none_of(mistake.text.begin(), mistake.text.end(),
                   [](char c) { return static_cast<unsigned char>(c) < 0x20; }),
      "a mistake is one line");
}

void CheckRetry(const config::v1::Retry& retry) {
  FuzzCheck((retry.backoff_size() == 0) == (retry.attempts() > 0),
            "a retry has a list of delays or a schedule");
  FuzzCheck(retry.attempts() == 0 ||
                (retry.multiplier() >= 1 && retry.has_initial() &&
                 retry.has_max() && retry.has_jitter()),
            "a schedule is complete");
}

void CheckSource(const config::v1::Source& source) {
  FuzzCheck(source.kind_case() != config::v1::Source::KIND_NOT_SET,
            "a source has a kind");
  if (source.has_retry()) CheckRetry(source.retry());
  if (!source.has_http()) return;
  const config::v1::Http& http = source.http();
  FuzzCheck((http.url() + http.body()).find("{key}") != std::string::npos,
            "an http source asks for the key");
  for (const auto& [name, value] : http.headers()) {
    FuzzCheck((name + value).find_first_of("\r\n") == std::string::npos,
              "a header is one line");
  }
}

void CheckTable(const config::v1::Config& config,
                const config::v1::Table& table) {
  FuzzCheck(table.race_size() > 0, "a table has entrants");
  FuzzCheck(table.deadline().seconds() > 0 || table.deadline().nanos() > 0,
            "a table has a deadline");
  for (const auto& entry : table.race()) {
    FuzzCheck(config.sources().contains(entry.source()),
              "an entrant's source exists");
  }
}

}  // namespace

void FuzzConfig(std::string_view input) {
  const LoadedConfig loaded = ParseConfig(input, "f");
  const auto lines =
      static_cast<int>(std::count(input.begin(), input.end(), '\n')) + 1;
  for (const Mistake& mistake : loaded.mistakes) CheckMistake(mistake, lines);
  if (!loaded.ok()) return;
  const config::v1::Config& config = loaded.config;
  FuzzCheck(config.listen_size() > 0, "the server listens");
  FuzzCheck(!config.tables().empty(), "there is a table");
  for (const auto& [name, source] : config.sources()) {
    CheckSource(source);
  }
  FuzzCheck(config.outstanding().low() > 0 &&
                config.outstanding().low() <= config.outstanding().high(),
            "the water marks are in order");
  for (const auto& [name, table] : config.tables()) CheckTable(config, table);
}

}  // namespace frontrunner
