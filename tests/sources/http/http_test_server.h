#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fakes/servers/scripted_server.h"

namespace frontrunner {

/// What came.
struct HttpTestRequest {
  std::string method;
  /// Path and query.
  std::string target;
  /// The request line and the headers.
  std::string head;
  std::string body;
  /// Which of the server's connections, from 0.
  int connection = 0;

  /// A header's value, or "(none)". `name` in lower case or as it is sent.
  std::string header(std::string_view name) const;
};

/// What goes back: bytes as they are.
struct HttpTestReply {
  std::string bytes;
  /// Close the connection behind it.
  bool close = false;
  std::chrono::milliseconds delay{0};
  /// Send nothing, until the client goes.
  bool hold = false;
};

/// An HTTP/1.1 server that answers as a test tells it to.
class HttpTestServer {
 public:
  /// Runs on the connections' threads, one at a time.
  using Answer = std::function<HttpTestReply(const HttpTestRequest&)>;

  explicit HttpTestServer(Answer answer);

  std::string url(std::string_view path) const;
  std::string address() const { return server_.address(); }
  int connections() const { return server_.accepted(); }
  /// All that came so far.
  std::vector<HttpTestRequest> requests();

 private:
  void Converse(Conversation& conversation);
  HttpTestReply AnswerTo(const HttpTestRequest& request);

  const Answer answer_;
  std::mutex mutex_;  // guards requests_ and is held by answer_
  std::vector<HttpTestRequest> requests_;
  ScriptedServer server_;
};

/// A whole answer with Content-Length; `headers`: lines that end with \r\n.
HttpTestReply WithStatus(int status, std::string_view body,
                         std::string_view headers = "");

/// Packed as gzip.
std::string Gzipped(std::string_view bytes);

}  // namespace frontrunner
