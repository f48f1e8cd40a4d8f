#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace frontrunner {

/// Every byte that is not an unreserved character of RFC 3986 as %XX.
std::string PercentEncoded(std::string_view bytes);

/// A URL, or a body, with places for the key. Immutable.
class UrlTemplate {
 public:
  /// `url` must be http:// or https:// with a host, without user or password
  /// (whoever may see the configuration would), and with {key} after the host
  /// only: a key must not choose who is asked. Any other {word} is an error.
  /// What follows # is left away, since it is never sent.
  static absl::StatusOr<UrlTemplate> Parse(std::string_view url);

  /// With the key percent-encoded. kInvalidArgument if the key would make a
  /// segment of the path "." or "..", which stand for another path however they
  /// are encoded.
  absl::StatusOr<std::string> Render(std::string_view key) const;

  /// "host:port" as written.
  const std::string& authority() const { return authority_; }
  bool https() const { return https_; }

 private:
  /// What stands around each {key}.
  std::vector<std::string> parts_;
  std::string authority_;
  bool https_ = false;
};

/// `text` with each {key} replaced by the key as it is.
std::string RenderBody(std::string_view text, std::string_view key);

/// `url` with ?name=value or &name=value, both percent-encoded.
std::string WithParameter(std::string_view url, std::string_view name,
                          std::string_view value);

}  // namespace frontrunner
