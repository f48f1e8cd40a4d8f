#include "tests/fakes/servers/scripted_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace frontrunner {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kPatience = std::chrono::seconds(10);

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int Bind() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const sockaddr_in address = Loopback(0);
  EXPECT_EQ(
      bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
      0);
  return fd;
}

int Listen(int backlog) {
  const int fd = Bind();
  EXPECT_EQ(listen(fd, backlog), 0);
  return fd;
}

uint16_t PortOf(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  return ntohs(address.sin_port);
}

}  // namespace

TestSocket::~TestSocket() { Close(); }

void TestSocket::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

bool Conversation::WaitFor(short events, std::chrono::milliseconds limit) {
  if (socket_.get() < 0) return false;
  std::array<pollfd, 2> polled = {
      pollfd{socket_.get(), events, 0},
      pollfd{stop_fd_, POLLIN, 0},
  };
  const int ready =
      poll(polled.data(), polled.size(), static_cast<int>(limit.count()));
  return ready > 0 && polled[1].revents == 0;
}

bool Conversation::ReadMore() {
  if (!WaitFor(POLLIN, kPatience)) return false;
  std::array<char, 65536> buffer;
  const ssize_t got = recv(socket_.get(), buffer.data(), buffer.size(), 0);
  if (got <= 0) return false;
  unread_.append(buffer.data(), static_cast<size_t>(got));
  return true;
}

bool Conversation::ReadUntil(std::string_view text) {
  for (;;) {
    const size_t found = unread_.find(text);
    if (found != std::string::npos) {
      unread_.erase(0, found + text.size());
      return true;
    }
    if (!ReadMore()) return false;
  }
}

bool Conversation::ReadBytes(size_t count) {
  while (unread_.size() < count) {
    if (!ReadMore()) return false;
  }
  unread_.erase(0, count);
  return true;
}

std::string Conversation::ReadSome() {
  if (unread_.empty()) ReadMore();
  return std::exchange(unread_, {});
}

bool Conversation::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    if (!WaitFor(POLLOUT, kPatience)) return false;
    const ssize_t sent = send(socket_.get(), bytes.data(), bytes.size(),
                              MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EAGAIN) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

bool Conversation::SendByteByByte(std::string_view bytes,
                                  std::chrono::milliseconds pause) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (!Send(bytes.substr(i, 1)) || !Sleep(pause)) return false;
  }
  return true;
}

bool Conversation::Sleep(std::chrono::milliseconds time) {
  pollfd polled{stop_fd_, POLLIN, 0};
  return poll(&polled, 1, static_cast<int>(time.count())) == 0;
}

void Conversation::Hold() {
  while (ReadMore()) unread_.clear();
}

void Conversation::HoldWithoutReading() {
  while (Sleep(std::chrono::milliseconds(100))) {
  }
}

void Conversation::Reset() {
  const linger now{1, 0};
  setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  socket_.Close();
}

ScriptedServer::ScriptedServer(Script script)
    : script_(std::move(script)),
      listener_(Listen(128)),
      stop_(eventfd(0, EFD_CLOEXEC)),
      port_(PortOf(listener_.get())),
      thread_([this] { Accept(); }) {}

ScriptedServer::~ScriptedServer() {
  eventfd_write(stop_.get(), 1);
  thread_.join();
}

std::string ScriptedServer::address() const {
  return "127.0.0.1:" + std::to_string(port_);
}

void ScriptedServer::Accept() {
  for (;;) {
    std::array<pollfd, 2> polled = {
        pollfd{listener_.get(), POLLIN, 0},
        pollfd{stop_.get(), POLLIN, 0},
    };
    poll(polled.data(), polled.size(), -1);
    if (polled[1].revents != 0) break;
    const int fd = accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    const int index = accepted_++;
    conversations_.emplace_back([this, fd, index] {
      Conversation conversation(fd, stop_.get(), index);
      script_(conversation);
    });
  }
  for (std::thread& conversation : conversations_) conversation.join();
}

Blackhole::Blackhole() : listener_(Listen(0)), port_(PortOf(listener_.get())) {
  // Once the queue of connections nobody accepts is full, the kernel drops
  // every further SYN.
  const sockaddr_in address = Loopback(port_);
  for (int i = 0; i < 16; ++i) {
    const int fd =
        socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    backlog_.emplace_back(fd);
    connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    pollfd polled{fd, POLLOUT, 0};
    if (poll(&polled, 1, 100) == 0) return;
  }
  ADD_FAILURE() << "the backlog never filled";
}

uint16_t FreePort() {
  TestSocket socket(Bind());
  return PortOf(socket.get());
}

}  // namespace frontrunner
