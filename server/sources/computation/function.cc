#include "server/sources/computation/function.h"

#include <exception>
#include <new>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/strings.h"

namespace frontrunner {

absl::Status FunctionRegistry::Add(std::string name,
                                   const ComputeFunction& function) {
  const auto [place, added] = functions_.try_emplace(std::move(name), function);
  if (added) return absl::OkStatus();
  return absl::AlreadyExistsError(
      absl::StrCat("there are two functions named \"", place->first, "\""));
}

absl::StatusOr<ComputeFunction> FunctionRegistry::Find(
    std::string_view name) const {
  const auto found = functions_.find(name);
  if (found != functions_.end()) return found->second;
  std::string there;
  for (const auto& [known, function] : functions_) {
    absl::StrAppend(&there, there.empty() ? "" : ", ", known);
  }
  return absl::NotFoundError(absl::StrCat(
      "no function \"", Absl(name), "\" is linked in; there ",
      there.empty() ? "is none at all" : absl::StrCat("is: ", there)));
}

Outcome CallGuarded(const ComputeFunction& function, const CallContext& call,
                    const std::stop_token& stop) {
  try {
    Outcome outcome = function(call, stop);
    if (outcome.ok() && !outcome->bytes) {
      return absl::InternalError("the computation returned no bytes");
    }
    return outcome;
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("the computation ran out of memory");
  } catch (const std::exception& error) {
    return absl::InternalError(
        absl::StrCat("the computation threw: ", PlainMessage(error.what())));
  } catch (...) {
    return absl::InternalError(
        "the computation threw something that is no std::exception");
  }
}

std::string PlainMessage(std::string_view text) {
  constexpr size_t kLongest = 256;
  std::string plain(text.substr(0, kLongest));
  for (char& c : plain) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return plain;
}

}  // namespace frontrunner
