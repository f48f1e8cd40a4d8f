#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/sources/http/json_pointer.h"

namespace frontrunner {

/// Arrays and objects inside each other, at most.
inline constexpr size_t kMaxJsonDepth = 256;

/// A value taken out of a JSON text.
struct JsonValue {
  enum class Kind { kNull, kBoolean, kNumber, kString, kArray, kObject };
  Kind kind = Kind::kNull;
  /// A string's characters (UTF-8); of all others the JSON text, without white
  /// space. Numbers are as they were written, except that an integer's "-0" is
  /// "0".
  std::string text;
};

/// The value at `pointer`; nullopt if there is nothing. Of an object's members
/// with the same name the last one counts. kInternal if `text` is not one JSON
/// value, is nested deeper than kMaxJsonDepth, or holds a number that no double
/// can. No tree is built: what is kept is what is returned.
absl::StatusOr<std::optional<JsonValue>> PickJson(std::string_view text,
                                                  const JsonPointer& pointer);

/// Calls `element` with each element's JSON text, in order, while it returns
/// true. kInternal as above, and if `text` is not an array; what came before
/// the mistake has been given to `element` by then.
absl::Status ForEachJsonElement(
    std::string_view text, absl::FunctionRef<bool(std::string_view)> element);

/// `text` as a JSON string, with its quotes.
void AppendJsonString(std::string& out, std::string_view text);

}  // namespace frontrunner
