#include "server/sources/http/page_list.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/base/strings.h"
#include "server/sources/http/json_pick.h"

namespace frontrunner {
namespace {

using Kind = JsonValue::Kind;

/// 0, "0", "" and null.
bool IsEnd(const JsonValue& cursor) {
  switch (cursor.kind) {
    case Kind::kNull:
      return true;
    case Kind::kString:
      return cursor.text.empty() || cursor.text == "0";
    case Kind::kNumber: {
      double number = 1;
      return absl::SimpleAtod(cursor.text, &number) && number == 0;
    }
    default:
      return false;
  }
}

}  // namespace

PageList::PageList(const PagePointers& pointers, size_t max_pages)
    : pointers_(pointers), max_pages_(max_pages) {}

absl::Status PageList::Add(std::string_view page) {
  const auto items = PickJson(page, pointers_.items);
  if (!items.ok()) return items.status();
  if (!*items) return absl::InternalError("there are no items in it");
  if ((*items)->kind != Kind::kArray) {
    return absl::InternalError("its items are not an array");
  }
  absl::Status wrong;
  absl::Status read =
      ForEachJsonElement((*items)->text, [&](std::string_view item) {
        wrong = AddItem(item);
        return wrong.ok();
      });
  if (!wrong.ok()) return wrong;
  if (!read.ok()) return read;
  absl::StatusOr<std::optional<std::string>> cursor = CursorOf(page);
  if (!cursor.ok()) return cursor.status();
  ++pages_;
  cursor_ = *std::move(cursor);
  if (!cursor_) return absl::OkStatus();
  if (!seen_cursors_.insert(*cursor_).second) {
    return absl::InternalError(
        "a loop: its cursor leads to a page that was there before");
  }
  if (pages_ >= max_pages_) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the list has more than ", max_pages_, " pages"));
  }
  return absl::OkStatus();
}

absl::Status PageList::AddItem(std::string_view item) {
  std::string id;
  if (pointers_.id.steps().empty()) {
    id = item;
  } else {
    const auto found = PickJson(item, pointers_.id);
    if (!found.ok()) return found.status();
    if (!*found) return absl::InternalError("one of its items has no id");
    // "1" and 1 are not the same.
    id = absl::StrCat((*found)->kind == Kind::kString ? "s" : "j",
                      (*found)->text);
  }
  if (!seen_ids_.insert(std::move(id)).second) return absl::OkStatus();
  if (array_.size() > 1) array_.push_back(',');
  array_.append(item);
  return absl::OkStatus();
}

absl::StatusOr<std::optional<std::string>> PageList::CursorOf(
    std::string_view page) {
  auto found = PickJson(page, pointers_.next);
  if (!found.ok()) return found.status();
  if (!*found || IsEnd(**found)) return std::optional<std::string>();
  JsonValue& cursor = **found;
  if (cursor.kind != Kind::kString && cursor.kind != Kind::kNumber) {
    return absl::InternalError("its cursor is neither text nor a number");
  }
  return std::optional<std::string>(std::move(cursor.text));
}

std::string PageList::TakeArray() && {
  array_.push_back(']');
  return std::move(array_);
}

}  // namespace frontrunner
