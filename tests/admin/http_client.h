#pragma once

#include <map>
#include <string>
#include <string_view>

#include "server/base/time.h"

namespace frontrunner {

/// An answer, taken apart.
struct HttpAnswer {
  /// 0 where there was no status line.
  int code = 0;
  /// By name in lower case.
  std::map<std::string, std::string> headers;
  std::string body;
};

/// A connection to an HTTP port, for tests; blocks, ten seconds at most. A
/// failure to connect or to send is a failure of the test.
class HttpClient {
 public:
  /// "127.0.0.1:port" or "unix:/path".
  explicit HttpClient(std::string_view address);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// False: the peer has closed.
  bool Send(std::string_view bytes);
  /// As much of it as there is room for now: how much that was.
  size_t SendSome(std::string_view bytes);
  /// Throws away what has been received by now.
  void DropWhatCame();
  /// One answer; a body only where Content-Length tells of one and `has_body`.
  HttpAnswer Read(bool has_body = true);
  /// Sends a request with `Host` and no more, and reads.
  HttpAnswer Ask(std::string_view method, std::string_view target,
                 std::string_view headers = "");
  /// Whether the peer closes within ten seconds, whatever it sends before.
  bool IsClosed();

 private:
  bool Receive();

  int fd_ = -1;
  std::string unread_;
};

/// One GET on a connection of its own.
HttpAnswer Get(std::string_view address, std::string_view target);

}  // namespace frontrunner
