#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/sources/http/json_pointer.h"

namespace frontrunner {

/// Where things are in a page.
struct PagePointers {
  JsonPointer next;
  JsonPointer items;
  /// Without steps: the item itself.
  JsonPointer id;
};

/// A list that comes in pages, as far as it has come: every item once, in the
/// order first seen. Knows nothing of HTTP.
class PageList {
 public:
  /// `pointers` outlive it. `max_pages`: a list of more is a failure.
  PageList(const PagePointers& pointers, size_t max_pages);

  /// Takes the next page. The list is no good after a failure: kInternal where
  /// the page is not as it should be or its cursor has been seen before,
  /// kResourceExhausted where there are too many pages.
  absl::Status Add(std::string_view page);

  /// The cursor to the next page; nullopt when the list is complete.
  const std::optional<std::string>& cursor() const { return cursor_; }
  /// Pages taken.
  size_t pages() const { return pages_; }

  /// All items, as a JSON array.
  std::string TakeArray() &&;

 private:
  absl::Status AddItem(std::string_view item);
  absl::StatusOr<std::optional<std::string>> CursorOf(std::string_view page);

  const PagePointers& pointers_;
  const size_t max_pages_;
  size_t pages_ = 0;
  std::optional<std::string> cursor_;
  absl::flat_hash_set<std::string> seen_cursors_;
  absl::flat_hash_set<std::string> seen_ids_;
  std::string array_ = "[";
};

}  // namespace frontrunner
