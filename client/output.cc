#include "client/output.h"

#include "absl/strings/str_cat.h"
#include "client/failure.h"
#include "client/json.h"
#include "client/text.h"
#include "server/base/status.h"
#include "server/base/strings.h"

namespace frontrunner {

ExitCode CodeOf(const absl::Status& status) {
  if (status.ok()) return kFound;
  return absl::IsNotFound(status) ? kNotFound : kFailed;
}

std::string FailureText(const std::string& subject, const absl::Status& status,
                        bool ascii) {
  const SafeText safe = {.unicode = !ascii};
  const Failure failure = FailureOf(status);
  std::string text = "frontrunner: ";
  if (!subject.empty()) {
    absl::StrAppend(&text, Printable(subject, safe), ": ");
  }
  absl::StrAppend(&text, Absl(CodeName(failure.code)));
  if (!failure.reason.empty()) {
    absl::StrAppend(&text, " (", Printable(failure.reason, safe), ")");
  }
  absl::StrAppend(&text, ": ", Printable(failure.message, safe));
  return text;
}

ExitCode TellFailure(const Output& output, bool json,
                     const absl::Status& status) {
  if (json) {
    output.out << FailureToJson(status) << "\n";
  } else {
    output.err << FailureText("", status) << "\n";
  }
  return CodeOf(status);
}

}  // namespace frontrunner
