#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace frontrunner {

/// A descriptor that is closed with its owner.
class TestSocket {
 public:
  explicit TestSocket(int fd) : fd_(fd) {}
  ~TestSocket();
  TestSocket(TestSocket&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  TestSocket(const TestSocket&) = delete;
  TestSocket& operator=(const TestSocket&) = delete;
  int get() const { return fd_; }
  void Close();

 private:
  int fd_;
};

/// One connection to a ScriptedServer, as its script sees it. Everything that
/// waits gives up (returning false) when the peer is gone, the server is
/// destroyed, or after ten seconds.
class Conversation {
 public:
  Conversation(int fd, int stop_fd, int index)
      : socket_(fd), stop_fd_(stop_fd), index_(index) {}

  /// 0 for the first connection to the server.
  int index() const { return index_; }

  /// Reads until what has come and was not consumed contains `text`; consumes
  /// up to its end.
  bool ReadUntil(std::string_view text);
  /// Reads until `count` bytes more have come, and consumes them.
  bool ReadBytes(size_t count);
  /// What has come, or comes next in one piece; empty when it gives up.
  std::string ReadSome();
  bool Send(std::string_view bytes);
  /// A byte, a pause, a byte, a pause …
  bool SendByteByByte(std::string_view bytes, std::chrono::milliseconds pause);
  bool Sleep(std::chrono::milliseconds time);
  /// Stays silent until the peer closes or the server is destroyed, reading and
  /// dropping what comes.
  void Hold();
  /// The same without reading, so that the peer's writes pile up.
  void HoldWithoutReading();
  /// Closes in good order (FIN).
  void Close() { socket_.Close(); }
  /// Closes rudely (RST).
  void Reset();

 private:
  bool WaitFor(short events, std::chrono::milliseconds limit);
  bool ReadMore();

  TestSocket socket_;
  const int stop_fd_;
  const int index_;
  std::string unread_;
};

/// A TCP server on a free loopback port that says what a test tells it to, for
/// protocols gone wrong. One thread per connection; the connection is closed
/// when its script returns.
class ScriptedServer {
 public:
  using Script = std::function<void(Conversation&)>;

  /// Every connection plays `script`; Conversation::index tells them apart.
  explicit ScriptedServer(Script script);
  ~ScriptedServer();

  uint16_t port() const { return port_; }
  /// "127.0.0.1:port".
  std::string address() const;
  /// Connections accepted so far.
  int accepted() const { return accepted_; }

 private:
  void Accept();

  const Script script_;
  TestSocket listener_;
  TestSocket stop_;
  uint16_t port_ = 0;
  std::atomic<int> accepted_{0};
  std::vector<std::thread> conversations_;  // the accepting thread's
  std::thread thread_;
};

/// A loopback port to which connecting hangs, as when a firewall drops every
/// packet.
class Blackhole {
 public:
  Blackhole();
  uint16_t port() const { return port_; }

 private:
  TestSocket listener_;
  std::vector<TestSocket> backlog_;
  uint16_t port_ = 0;
};

/// A loopback port that nobody listens on.
uint16_t FreePort();

}  // namespace frontrunner
