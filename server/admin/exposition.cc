#include "server/admin/exposition.h"

#include <chrono>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "server/base/strings.h"

namespace frontrunner {
namespace {

std::string_view NameOf(Exposition::Kind kind) {
  switch (kind) {
    case Exposition::Kind::kCounter:
      return "counter";
    case Exposition::Kind::kGauge:
      return "gauge";
    case Exposition::Kind::kSummary:
      break;
  }
  return "summary";
}

std::string Escaped(std::string_view label) {
  return absl::StrReplaceAll(Absl(label),
                             {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}});
}

std::string InSeconds(Duration duration) {
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(duration);
  return absl::StrFormat("%d.%09d", seconds.count(),
                         (duration - seconds).count());
}

}  // namespace

void Exposition::Family(std::string_view name, Kind kind,
                        std::string_view help) {
  family_ = name;
  absl::StrAppend(
      &text_, "# HELP ", family_, " ",
      absl::StrReplaceAll(Absl(help), {{"\\", "\\\\"}, {"\n", "\\n"}}),
      "\n# TYPE ", family_, " ", Absl(NameOf(kind)), "\n");
}

void Exposition::Sample(const Labels& labels, uint64_t value) {
  Begin("", labels);
  absl::StrAppend(&text_, value, "\n");
}

void Exposition::Summary(const Labels& labels, Duration sum, uint64_t count) {
  Begin("_sum", labels);
  absl::StrAppend(&text_, InSeconds(sum), "\n");
  Begin("_count", labels);
  absl::StrAppend(&text_, count, "\n");
}

void Exposition::Begin(std::string_view suffix, const Labels& labels) {
  absl::StrAppend(&text_, family_, Absl(suffix));
  std::string_view before = "{";
  for (const auto& [name, value] : labels) {
    absl::StrAppend(&text_, Absl(before), Absl(name), "=\"", Escaped(value),
                    "\"");
    before = ",";
  }
  absl::StrAppend(&text_, labels.empty() ? " " : "} ");
}

}  // namespace frontrunner
