#pragma once

#include <string_view>

namespace frontrunner::config {

/// What the texts of an http source may be. Each looks at the text alone.

/// "http://" or "https://", a host (a name, a number or an [IPv6]), maybe a
/// port other than 0, and what follows: visible characters without "#", since
/// nothing behind it would be sent. A user and password before the host are
/// passed over: HasUser tells.
bool IsHttpUrl(std::string_view text);

/// Whether the URL has a user before its host.
bool HasUser(std::string_view url);

/// A token (RFC 9110), and none of those that only HTTP itself can say: Host,
/// Content-Length, Connection and Transfer-Encoding, whatever their case.
bool IsHeaderName(std::string_view text);

/// No control characters but tab, so that it can't become another header.
bool IsHeaderValue(std::string_view text);

/// RFC 6901: empty, or each name behind a "/", with "~0" and "~1" in it.
bool IsJsonPointer(std::string_view text);

}  // namespace frontrunner::config
