#include "tests/admin/http_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/base/strings.h"

namespace frontrunner {
namespace {

int Connect(std::string_view address) {
  sockaddr_storage name{};
  socklen_t length = 0;
  if (address.substr(0, 5) == "unix:") {
    auto* local = reinterpret_cast<sockaddr_un*>(&name);
    local->sun_family = AF_UNIX;
    std::memcpy(local->sun_path, address.data() + 5, address.size() - 5);
    length = sizeof(*local);
  } else {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&name);
    v4->sin_family = AF_INET;
    v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int port = 0;
    EXPECT_TRUE(
        absl::SimpleAtoi(Absl(address.substr(address.rfind(':') + 1)), &port));
    v4->sin_port = htons(static_cast<uint16_t>(port));
    length = sizeof(*v4);
  }
  const int fd = ::socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience{.tv_sec = 10};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&name), length), 0)
      << std::strerror(errno);
  return fd;
}

}  // namespace

HttpClient::HttpClient(std::string_view address) : fd_(Connect(address)) {}

HttpClient::~HttpClient() { ::close(fd_); }

bool HttpClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

size_t HttpClient::SendSome(std::string_view bytes) {
  const ssize_t sent =
      ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent > 0 ? static_cast<size_t>(sent) : 0;
}

void HttpClient::DropWhatCame() {
  char buffer[65536];
  while (::recv(fd_, buffer, sizeof(buffer), MSG_DONTWAIT) > 0) {
  }
}

bool HttpClient::Receive() {
  char buffer[4096];
  const ssize_t got = ::recv(fd_, buffer, sizeof(buffer), 0);
  if (got <= 0) return false;
  unread_.append(buffer, static_cast<size_t>(got));
  return true;
}

HttpAnswer HttpClient::Read(bool has_body) {
  HttpAnswer answer;
  size_t end = std::string::npos;
  while ((end = unread_.find("\r\n\r\n")) == std::string::npos) {
    if (!Receive()) return answer;
  }
  const std::string head = unread_.substr(0, end + 2);
  unread_.erase(0, end + 4);
  if (head.size() < 12 ||
      !absl::SimpleAtoi(Absl(std::string_view(head).substr(9, 3)),
                        &answer.code)) {
    return answer;
  }
  for (size_t at = head.find("\r\n") + 2; at < head.size();) {
    const size_t line_end = head.find("\r\n", at);
    const std::string line = head.substr(at, line_end - at);
    const size_t colon = line.find(": ");
    if (colon != std::string::npos) {
      answer.headers[absl::AsciiStrToLower(line.substr(0, colon))] =
          line.substr(colon + 2);
    }
    at = line_end + 2;
  }
  size_t size = 0;
  const auto length = answer.headers.find("content-length");
  if (length != answer.headers.end() && has_body) {
    EXPECT_TRUE(absl::SimpleAtoi(length->second, &size));
  }
  while (unread_.size() < size) {
    if (!Receive()) return answer;
  }
  answer.body = unread_.substr(0, size);
  unread_.erase(0, size);
  return answer;
}

HttpAnswer HttpClient::Ask(std::string_view method, std::string_view target,
                           std::string_view headers) {
  EXPECT_TRUE(
      Send(absl::StrCat(Absl(method), " ", Absl(target),
                        " HTTP/1.1\r\nHost: test\r\n", Absl(headers), "\r\n")));
  return Read(method != "HEAD");
}

bool HttpClient::IsClosed() {
  for (;;) {
    char buffer[4096];
    const ssize_t got = ::recv(fd_, buffer, sizeof(buffer), 0);
    if (got == 0) return true;
    if (got < 0) return errno == ECONNRESET;
  }
}

HttpAnswer Get(std::string_view address, std::string_view target) {
  HttpClient client(address);
  return client.Ask("GET", target);
}

}  // namespace frontrunner
