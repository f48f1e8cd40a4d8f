#include "tests/sources/http/http_test_server.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdlib>
#include <utility>

namespace frontrunner {

std::string HttpTestRequest::header(std::string_view name) const {
  const std::string start = "\r\n" + std::string(name) + ": ";
  const size_t at = head.find(start);
  if (at == std::string::npos) return "(none)";
  const size_t from = at + start.size();
  return head.substr(from, head.find("\r\n", from) - from);
}

HttpTestServer::HttpTestServer(Answer answer)
    : answer_(std::move(answer)),
      server_([this](Conversation& conversation) { Converse(conversation); }) {}

std::string HttpTestServer::url(std::string_view path) const {
  return "http://" + address() + std::string(path);
}

std::vector<HttpTestRequest> HttpTestServer::requests() {
  const std::lock_guard lock(mutex_);
  return requests_;
}

HttpTestReply HttpTestServer::AnswerTo(const HttpTestRequest& request) {
  const std::lock_guard lock(mutex_);
  requests_.push_back(request);
  return answer_(request);
}

void HttpTestServer::Converse(Conversation& conversation) {
  std::string unread;
  const auto read_up_to = [&](size_t size) {
    while (unread.size() < size) {
      const std::string more = conversation.ReadSome();
      if (more.empty()) return false;
      unread += more;
    }
    return true;
  };
  for (;;) {
    size_t end;
    while ((end = unread.find("\r\n\r\n")) == std::string::npos) {
      if (!read_up_to(unread.size() + 1)) return;
    }
    HttpTestRequest request;
    request.connection = conversation.index();
    request.head = unread.substr(0, end + 2);
    const size_t space = request.head.find(' ');
    request.method = request.head.substr(0, space);
    request.target = request.head.substr(
        space + 1, request.head.find(' ', space + 1) - space - 1);
    const std::string length = request.header("Content-Length");
    const size_t size =
        length == "(none)" ? 0 : static_cast<size_t>(std::atol(length.c_str()));
    if (!read_up_to(end + 4 + size)) return;
    request.body = unread.substr(end + 4, size);
    unread.erase(0, end + 4 + size);
    const HttpTestReply reply = AnswerTo(request);
    if (reply.hold) return conversation.Hold();
    if (reply.delay.count() > 0 && !conversation.Sleep(reply.delay)) return;
    if (!conversation.Send(reply.bytes) || reply.close) return;
  }
}

HttpTestReply WithStatus(int status, std::string_view body,
                         std::string_view headers) {
  return {.bytes = "HTTP/1.1 " + std::to_string(status) + " Whatever\r\n" +
                   "Content-Length: " + std::to_string(body.size()) + "\r\n" +
                   std::string(headers) + "\r\n" + std::string(body)};
}

std::string Gzipped(std::string_view bytes) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 9,
                         Z_DEFAULT_STRATEGY),
            Z_OK);
  std::string packed(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

}  // namespace frontrunner
