#include "tests/fuzz/fuzz_http_json.h"

#include <string>
#include <utility>

#include "server/sources/http/json_pick.h"
#include "server/sources/http/page_list.h"
#include "tests/fuzz/fuzz_check.h"

namespace frontrunner {
namespace {

/// As JSON, whatever it is.
std::string Json(const JsonValue& value) {
  if (value.kind != JsonValue::Kind::kString) return value.text;
  std::string quoted;
  AppendJsonString(quoted, value.text);
  return quoted;
}

void CheckReadsBack(const std::string& json) {
  const auto again = PickJson(json, JsonPointer());
  FuzzCheck(again.ok() && again->has_value(), "what was picked is JSON");
  FuzzCheck(Json(**again) == json, "what was picked reads back as the same");
}

void CheckPage(std::string_view text, const JsonPointer& pointer) {
  const PagePointers pointers = {
      .next = *JsonPointer::Parse("/n"), .items = pointer, .id = JsonPointer()};
  PageList list(pointers, 2);
  if (!list.Add(text).ok()) return;
  const std::string array = std::move(list).TakeArray();
  FuzzCheck(array.size() <= text.size() * 6 + 2, "a list does not grow");
  size_t items = 0;
  FuzzCheck(ForEachJsonElement(array,
                               [&](std::string_view item) {
                                 ++items;
                                 CheckReadsBack(std::string(item));
                                 return true;
                               })
                .ok(),
            "a list is an array");
}

}  // namespace

void FuzzHttpJson(std::string_view input) {
  const size_t line = input.find('\n');
  if (line == std::string_view::npos) return;
  const auto pointer = JsonPointer::Parse(input.substr(0, line));
  if (!pointer.ok()) return;
  const std::string_view text = input.substr(line + 1);
  const auto picked = PickJson(text, *pointer);
  const auto whole = PickJson(text, JsonPointer());
  FuzzCheck(picked.ok() == whole.ok(),
            "whether it is JSON is no question of the pointer");
  if (picked.ok() && picked->has_value()) CheckReadsBack(Json(**picked));
  CheckPage(text, *pointer);
}

}  // namespace frontrunner
