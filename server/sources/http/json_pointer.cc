#include "server/sources/http/json_pointer.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"

namespace frontrunner {
namespace {

absl::StatusOr<std::string> Unescaped(std::string_view escaped) {
  std::string name;
  for (size_t i = 0; i < escaped.size(); ++i) {
    if (escaped[i] != '~') {
      name.push_back(escaped[i]);
      continue;
    }
    const char next = ++i < escaped.size() ? escaped[i] : '\0';
    if (next != '0' && next != '1') {
      return absl::InvalidArgumentError(
          "a '~' in a JSON pointer must be followed by 0 or 1");
    }
    name.push_back(next == '0' ? '~' : '/');
  }
  return name;
}

std::optional<size_t> Index(const std::string& name) {
  const bool digits = !name.empty() && std::all_of(name.begin(), name.end(),
                                                   absl::ascii_isdigit);
  size_t index = 0;
  if (!digits || (name.size() > 1 && name[0] == '0') ||
      !absl::SimpleAtoi(name, &index)) {
    return std::nullopt;
  }
  return index;
}

}  // namespace

absl::StatusOr<JsonPointer> JsonPointer::Parse(std::string_view text) {
  JsonPointer pointer;
  if (!text.empty() && text.front() != '/') {
    return absl::InvalidArgumentError("a JSON pointer must begin with '/'");
  }
  while (!text.empty()) {
    text.remove_prefix(1);
    const size_t end = std::min(text.find('/'), text.size());
    absl::StatusOr<std::string> name = Unescaped(text.substr(0, end));
    if (!name.ok()) return name.status();
    const std::optional<size_t> index = Index(*name);
    pointer.steps_.push_back({*std::move(name), index});
    text.remove_prefix(end);
  }
  return pointer;
}

}  // namespace frontrunner
