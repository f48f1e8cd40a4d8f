#include "server/config/http_form.h"

#include <algorithm>
#include <array>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/base/strings.h"
#include "server/config/address.h"

namespace frontrunner::config {
namespace {

constexpr std::array<std::string_view, 4> kOfHttpItself = {
    "Host", "Content-Length", "Connection", "Transfer-Encoding"};

/// What stands between the scheme and the path, the user included; empty where
/// the scheme is none of HTTP's.
std::string_view Authority(std::string_view url) {
  absl::string_view rest = Absl(url);
  if (!absl::ConsumePrefix(&rest, "http://") &&
      !absl::ConsumePrefix(&rest, "https://")) {
    return {};
  }
  return Std(rest.substr(0, rest.find_first_of("/?#")));
}

bool IsToken(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return absl::ascii_isalnum(c) || kMarks.find(c) != std::string_view::npos;
  });
}

/// With the port that any scheme has, where there is none.
std::string WithPort(std::string_view host) {
  const bool has_port = !host.empty() && host.back() != ']' &&
                        host.find(':') != std::string_view::npos;
  return has_port ? std::string(host) : absl::StrCat(Absl(host), ":80");
}

}  // namespace

bool IsHttpUrl(std::string_view text) {
  const bool sendable = std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isgraph(c) && c != '#';
  });
  if (!sendable) return false;
  std::string_view host = Authority(text);
  const size_t at = host.rfind('@');
  if (at != std::string_view::npos) host.remove_prefix(at + 1);
  const auto address = ParseAddress(WithPort(host));
  return address && address->path.empty() && address->port != 0;
}

bool HasUser(std::string_view url) {
  return Authority(url).find('@') != std::string_view::npos;
}

bool IsHeaderName(std::string_view text) {
  return IsToken(text) &&
         std::none_of(kOfHttpItself.begin(), kOfHttpItself.end(),
                      [text](std::string_view name) {
                        return absl::EqualsIgnoreCase(Absl(text), Absl(name));
                      });
}

bool IsHeaderValue(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return c != '\t' && absl::ascii_iscntrl(c);
  });
}

bool IsJsonPointer(std::string_view text) {
  if (text.empty()) return true;
  if (text.front() != '/') return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '~') continue;
    if (i + 1 == text.size()) return false;
    if (text[i + 1] != '0' && text[i + 1] != '1') return false;
  }
  return true;
}

}  // namespace frontrunner::config
