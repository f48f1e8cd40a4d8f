#include "server/sources/http/url_template.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/base/strings.h"

namespace frontrunner {
namespace {

constexpr std::string_view kPlace = "{key}";

bool IsUnreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

std::vector<std::string> SplitAtPlaces(std::string_view text) {
  std::vector<std::string> parts;
  for (;;) {
    const size_t at = text.find(kPlace);
    parts.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + kPlace.size());
  }
}

std::string Join(const std::vector<std::string>& parts, std::string_view key) {
  std::string text = parts.front();
  for (size_t i = 1; i < parts.size(); ++i) {
    absl::StrAppend(&text, Absl(key), parts[i]);
  }
  return text;
}

/// Whether a segment of the path is "." or "..", however encoded.
bool HasDotSegment(std::string_view url) {
  url = url.substr(0, url.find('?'));
  size_t from = url.find("://") + 3;
  while ((from = url.find('/', from)) != std::string_view::npos) {
    ++from;
    std::string segment(url.substr(from, url.find('/', from) - from));
    for (size_t at; (at = segment.find("%2")) != std::string::npos &&
                    at + 2 < segment.size() && (segment[at + 2] | 32) == 'e';) {
      segment.replace(at, 3, ".");
    }
    if (segment == "." || segment == "..") return true;
  }
  return false;
}

}  // namespace

std::string PercentEncoded(std::string_view bytes) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(bytes.size());
  for (const char c : bytes) {
    if (IsUnreserved(c)) {
      encoded.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded.push_back('%');
      encoded.push_back(kHex[byte >> 4]);
      encoded.push_back(kHex[byte & 15]);
    }
  }
  return encoded;
}

absl::StatusOr<UrlTemplate> UrlTemplate::Parse(std::string_view url) {
  UrlTemplate made;
  url = url.substr(0, url.find('#'));
  if (absl::StartsWithIgnoreCase(Absl(url), "https://")) {
    made.https_ = true;
  } else if (!absl::StartsWithIgnoreCase(Absl(url), "http://")) {
    return absl::InvalidArgumentError("it must begin with http:// or https://");
  }
  if (std::any_of(url.begin(), url.end(), [](char c) {
        return static_cast<unsigned char>(c) <= ' ' || c == '\x7f';
      })) {
    return absl::InvalidArgumentError(
        "spaces and control characters must be percent-encoded");
  }
  std::string_view rest = url.substr(url.find("://") + 3);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  if (authority.empty() || authority.front() == ':') {
    return absl::InvalidArgumentError("it names no host");
  }
  if (authority.find('@') != std::string_view::npos) {
    return absl::InvalidArgumentError(
        "it must not hold a user or password; send them as a header");
  }
  if (authority.find_first_of("{}%\\") != std::string_view::npos) {
    return absl::InvalidArgumentError("{key} must come after the host");
  }
  made.authority_ = authority;
  made.parts_ = SplitAtPlaces(url);
  for (const std::string& part : made.parts_) {
    if (part.find_first_of("{}") != std::string::npos) {
      return absl::InvalidArgumentError(
          "the one thing in braces that it may hold is {key}");
    }
  }
  if (HasDotSegment(Join(made.parts_, "key"))) {
    return absl::InvalidArgumentError(
        "no part of its path may be \".\" or \"..\"");
  }
  return made;
}

absl::StatusOr<std::string> UrlTemplate::Render(std::string_view key) const {
  std::string url = Join(parts_, PercentEncoded(key));
  // Only such a key can make one.
  if (key.size() <= 2 && HasDotSegment(url)) {
    return absl::InvalidArgumentError(
        absl::StrCat(authority_, ": no URL can ask for such a key"));
  }
  return url;
}

std::string RenderBody(std::string_view text, std::string_view key) {
  return Join(SplitAtPlaces(text), key);
}

std::string WithParameter(std::string_view url, std::string_view name,
                          std::string_view value) {
  const size_t query = url.find('?');
  const char* between = "?";
  if (query != std::string_view::npos) {
    between = query + 1 == url.size() || url.back() == '&' ? "" : "&";
  }
  return absl::StrCat(Absl(url), between, PercentEncoded(name), "=",
                      PercentEncoded(value));
}

}  // namespace frontrunner
