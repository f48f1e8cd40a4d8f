#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/admin/page.h"
#include "server/admin/visitors.h"
#include "server/loop/event_loop.h"
#include "server/rpc/listen_address.h"
#include "server/rpc/listening.h"

struct bufferevent;
struct event_base;
struct evconnlistener;
struct evhttp;
struct evhttp_request;

namespace frontrunner {

/// Serves pages by HTTP, on a loop and a thread of its own, so that probes are
/// answered however busy the server is. It reads and changes nothing: GET and
/// HEAD only, and no request has a body. libevent's evhttp does the protocol.
class HttpPort {
 public:
  struct Settings {
    /// "host:port", "[IPv6]:port" or "unix:/path"; port 0 takes a free one.
    std::string listen;
    Visitors::Settings visitors;
    /// Bytes of a request's line and headers.
    size_t max_head = size_t{4} << 10;
    /// How often connections are looked at.
    Duration tick = std::chrono::milliseconds(250);
    /// Never null.
    std::shared_ptr<HttpPortCounters> counters =
        std::make_shared<HttpPortCounters>();
  };
  /// By path. What they use outlives the port.
  using Pages = std::map<std::string, Page>;

  HttpPort(Settings settings, Pages pages);
  /// Closes every connection. No page is called afterwards.
  ~HttpPort();
  HttpPort(const HttpPort&) = delete;
  HttpPort& operator=(const HttpPort&) = delete;

  /// Begins to serve; once. An error names the address and the reason. May
  /// block on resolving a name.
  absl::Status Start();

  /// Where it serves, the port number filled in.
  const std::string& address() const { return address_; }

 private:
  struct FreeHttp {
    void operator()(evhttp* http) const;
  };

  absl::Status Listen(OwnedFd socket);
  void Tick();
  bufferevent* Enter(event_base* base);
  void Listeners(bool on);
  void Handle(evhttp_request& request);
  PageReply ReplyTo(evhttp_request& request) const;

  const Settings settings_;
  const Pages pages_;
  std::string address_;
  bool running_ = false;
  EventLoop loop_;
  // The loop's thread only, once it runs.
  std::unique_ptr<Visitors> visitors_;
  std::unique_ptr<evhttp, FreeHttp> http_;
  /// Owned by http_.
  std::vector<evconnlistener*> listeners_;
  std::unique_ptr<Timer> tick_;
  /// Where it is a Unix socket's.
  std::optional<UnixSocketFile> file_;
};

}  // namespace frontrunner
