#include "server/config/form.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "server/config/address.h"
#include "server/config/http_form.h"

namespace frontrunner::config {
namespace {

bool IsName(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '_' || c == '.' || c == '-';
  });
}

/// A zero would end it early.
bool IsAbsolutePath(std::string_view text) {
  return !text.empty() && text.front() == '/' &&
         text.find('\0') == std::string_view::npos;
}

/// Port 0 is nowhere to connect to.
bool IsConnectable(const std::optional<Address>& address) {
  return address && (address->port != 0 || !address->path.empty());
}

}  // namespace

bool HasForm(std::string_view text, v1::Form form) {
  switch (form) {
    case v1::NAME:
      return IsName(text);
    case v1::ADDRESS:
      return IsConnectable(ParseAddress(text));
    case v1::LISTEN_ADDRESS:
      return ParseAddress(text).has_value();
    case v1::LOCAL_LISTEN_ADDRESS: {
      const auto address = ParseAddress(text);
      return address && IsLocal(*address);
    }
    case v1::GRPC_TARGET:
      return IsGrpcTarget(text);
    case v1::HTTP_URL:
      return IsHttpUrl(text);
    case v1::HEADER_NAME:
      return IsHeaderName(text);
    case v1::HEADER_VALUE:
      return IsHeaderValue(text);
    case v1::JSON_POINTER:
      return IsJsonPointer(text);
    case v1::ABSOLUTE_PATH:
      return IsAbsolutePath(text);
    default:
      return true;
  }
}

std::string_view FormInWords(v1::Form form) {
  switch (form) {
    case v1::NAME:
      return "a name of letters, digits, \"_\", \".\" and \"-\"";
    case v1::ADDRESS:
    case v1::LISTEN_ADDRESS:
      return "host:port, [IPv6]:port or unix:/path";
    case v1::LOCAL_LISTEN_ADDRESS:
      return "127.0.0.1:port, [::1]:port, localhost:port or unix:/path, since "
             "callers are not authenticated";
    case v1::GRPC_TARGET:
      return "host:port, dns:///host:port or unix:/path";
    case v1::HTTP_URL:
      return "http:// or https:// with a host and no {key} in it, maybe a "
             "port, and no spaces and no \"#\"";
    case v1::HEADER_NAME:
      return "a header's name, but not Host, Content-Length, Connection or "
             "Transfer-Encoding, which HTTP says itself";
    case v1::HEADER_VALUE:
      return "a text without control characters, line ends included";
    case v1::JSON_POINTER:
      return "a JSON pointer such as /data/0/name, with ~0 for \"~\" and ~1 "
             "for \"/\" in a name";
    case v1::ABSOLUTE_PATH:
      return "a path that begins with \"/\"";
    default:
      return "a text";
  }
}

}  // namespace frontrunner::config
