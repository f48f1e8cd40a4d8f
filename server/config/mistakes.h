#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "server/config/config.h"
#include "server/config/lines.h"

namespace frontrunner::config {

/// Where a value is in the configuration: names and list indices, joined by
/// '/', which no allowed name has. Empty for the whole file.
using Path = std::string;

Path Join(const Path& parent, std::string_view name);
Path Item(const Path& list, int index);

/// For people: "tables.unicode.race[2]"; "the configuration" for an empty path.
std::string Show(const Path& path);

/// `text` in double quotes, with control characters escaped and cut to a
/// length that fits into a line.
std::string Quote(std::string_view text);

/// Whether a text may have a password in it, whatever field it is in: one
/// stands before the "@" of a URL.
bool MayHavePassword(std::string_view text);

/// Like Quote, but "***" for what may have a password in it.
std::string QuoteOrMask(std::string_view text);

/// A name, by QuoteOrMask. Where secrets are, it may be one with a space or a
/// colon too few, so that only what looks like a name is shown there.
std::string QuoteName(std::string_view name, bool among_secrets);

/// "; did you mean "name"?" if one of the candidates is near `text`, else "".
std::string DidYouMean(std::string_view text,
                       const std::vector<std::string>& candidates);

/// What there is to say about the file, and where in it things are.
class Findings {
 public:
  /// Remembers where a value is.
  void Locate(const Path& path, Place place) { places_[path] = place; }

  /// Whether the file says what is there; a default is not said by it.
  bool IsGiven(const Path& path) const { return places_.contains(path); }

  /// Where a value is or, where a default stands in for it, what it would have
  /// been part of.
  Place PlaceOf(const Path& path) const;

  /// `text` is what was found, what is allowed and what may have been meant.
  void Add(Place place, std::string text);

  /// All of them, in the order of the file.
  std::vector<Mistake> Take();

 private:
  absl::flat_hash_map<Path, Place> places_;
  std::vector<Mistake> mistakes_;
};

}  // namespace frontrunner::config
