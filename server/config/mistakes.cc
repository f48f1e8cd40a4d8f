#include "server/config/mistakes.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "server/base/strings.h"
#include "server/config/form.h"
#include "server/config/suggest.h"

namespace frontrunner::config {
namespace {

/// No more than `most` bytes, and no half character at the end.
std::string_view Cut(std::string_view text, size_t most) {
  if (text.size() <= most) return text;
  size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) {
    --end;
  }
  return text.substr(0, end);
}

}  // namespace

Path Join(const Path& parent, std::string_view name) {
  return parent.empty() ? Path(name) : absl::StrCat(parent, "/", Absl(name));
}

Path Item(const Path& list, int index) {
  return absl::StrCat(list, "/[", index, "]");
}

std::string Show(const Path& path) {
  if (path.empty()) return "the configuration";
  // A name that is not allowed may hold anything, at any length.
  constexpr size_t kMost = 200;
  const std::string shown =
      absl::StrReplaceAll(Absl(Cut(path, kMost)), {{"/[", "["}, {"/", "."}});
  return absl::Utf8SafeCEscape(shown);
}

std::string Quote(std::string_view text) {
  constexpr size_t kMost = 80;
  const std::string_view shown = Cut(text, kMost);
  return absl::StrCat("\"", absl::Utf8SafeCEscape(Absl(shown)),
                      shown.size() < text.size() ? "…\"" : "\"");
}

bool MayHavePassword(std::string_view text) {
  return text.find('@') != std::string_view::npos;
}

std::string QuoteOrMask(std::string_view text) {
  return Quote(MayHavePassword(text) ? "***" : text);
}

std::string QuoteName(std::string_view name, bool among_secrets) {
  const bool is_name =
      !among_secrets || name.empty() || HasForm(name, v1::NAME);
  return QuoteOrMask(is_name ? name : "***");
}

std::string DidYouMean(std::string_view text,
                       const std::vector<std::string>& candidates) {
  const std::string nearest = Nearest(text, candidates);
  if (nearest.empty()) return "";
  return absl::StrCat("; did you mean \"", nearest, "\"?");
}

Place Findings::PlaceOf(const Path& path) const {
  Path at = path;
  while (true) {
    const auto found = places_.find(at);
    if (found != places_.end()) return found->second;
    if (at.empty()) return Place{};
    const size_t slash = at.rfind('/');
    at.resize(slash == Path::npos ? 0 : slash);
  }
}

void Findings::Add(Place place, std::string text) {
  mistakes_.push_back(Mistake{
      .line = place.line, .column = place.column, .text = std::move(text)});
}

std::vector<Mistake> Findings::Take() {
  std::stable_sort(mistakes_.begin(), mistakes_.end(),
                   [](const Mistake& a, const Mistake& b) {
                     return std::tie(a.line, a.column) <
                            std::tie(b.line, b.column);
                   });
  return std::move(mistakes_);
}

}  // namespace frontrunner::config
