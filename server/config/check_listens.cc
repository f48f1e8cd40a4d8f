#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/config/address.h"
#include "server/config/checks.h"

namespace frontrunner::config {

void CheckListens(const v1::Config& config, Findings& findings) {
  const auto admin = ParseAddress(config.admin_listen());
  const bool any_port = admin && admin->path.empty() && admin->port == 0;
  if (any_port || std::find(config.listen().begin(), config.listen().end(),
                            config.admin_listen()) == config.listen().end()) {
    return;
  }
  findings.Add(findings.PlaceOf("admin_listen"),
               absl::StrCat("admin_listen is ", Quote(config.admin_listen()),
                            ", which listen has too; allowed: an address of "
                            "its own"));
}

}  // namespace frontrunner::config
