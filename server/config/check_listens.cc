#include <algorithm>
#include <array>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/config/address.h"
#include "server/config/checks.h"

namespace frontrunner::config {
namespace {

/// Whether two servers can't both listen there.
bool IsTaken(const std::string& text) {
  const auto address = ParseAddress(text);
  const bool any_port = address && address->path.empty() && address->port == 0;
  return address && !any_port;
}

}  // namespace

void CheckListens(const v1::Config& config, Findings& findings) {
  const auto check = [&findings](const std::string& field,
                                 const std::string& address,
                                 const std::string& other, const auto& others) {
    if (!IsTaken(address) ||
        std::find(others.begin(), others.end(), address) == others.end()) {
      return;
    }
    findings.Add(findings.PlaceOf(field),
                 absl::StrCat(field, " is ", Quote(address), ", which ", other,
                              " has too; allowed: an address of its own"));
  };
  const std::array<std::string, 1> admin = {config.admin_listen()};
  check("admin_listen", config.admin_listen(), "listen", config.listen());
  check("http_listen", config.http_listen(), "listen", config.listen());
  check("http_listen", config.http_listen(), "admin_listen", admin);
}

}  // namespace frontrunner::config
