#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace frontrunner {

/// `text` with every byte that is not part of well-formed UTF-8 replaced by
/// '?', so that it may go into a protobuf string.
std::string CleanUtf8(std::string_view text);

/// At most `max` bytes of well-formed UTF-8: `text` itself, or its beginning
/// and "...". Cuts between characters; nothing is left where `max` has no room
/// for the dots. `text` is well-formed.
std::string Shorten(std::string_view text, size_t max);

/// Shorten of CleanUtf8, without looking at much more than `max` bytes.
std::string CleanAndShorten(std::string_view text, size_t max);

}  // namespace frontrunner
