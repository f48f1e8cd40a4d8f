#include "server/rpc/peer.h"

namespace frontrunner {
namespace {

// Takes a prefix off.
bool Eat(std::string_view& text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// "127.0.0.1:4711", or "127.0.0.1]:4711" within a V6 address. To the end of the
// digits, so that a name which merely begins like one is not taken for it.
bool IsLoopbackV4(std::string_view address) {
  if (!Eat(address, "127.")) return false;
  const size_t end = address.find_first_not_of("0123456789.");
  return end == std::string_view::npos || address[end] == ':' ||
         address[end] == ']' || address[end] == '%';
}

bool IsLoopbackV6(std::string_view address) {
  if (!Eat(address, "%5B") && !Eat(address, "%5b")) Eat(address, "[");
  if (Eat(address, "::1")) {
    return address.empty() || address.front() == '%' || address.front() == ']';
  }
  return (Eat(address, "::ffff:") || Eat(address, "::FFFF:")) &&
         IsLoopbackV4(address);
}

}  // namespace

Peer PeerFromUri(std::string_view uri) {
  if (Eat(uri, "unix:") || Eat(uri, "unix-abstract:")) return Peer::kUnixSocket;
  if (Eat(uri, "ipv4:") && IsLoopbackV4(uri)) return Peer::kLoopback;
  if (Eat(uri, "ipv6:") && IsLoopbackV6(uri)) return Peer::kLoopback;
  return Peer::kElsewhere;
}

}  // namespace frontrunner
