#include "tests/fakes/servers/real_memcached.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "tests/fakes/servers/scripted_server.h"

namespace frontrunner {
namespace {

/// What memcached answers to "mn", which asks for nothing else.
constexpr std::string_view kEnd = "MN\r\n";

std::string TemporaryDirectory() {
  std::string name =
      (std::filesystem::temp_directory_path() / "frontrunner-memcached-XXXXXX")
          .string();
  EXPECT_NE(mkdtemp(name.data()), nullptr);
  return name;
}

bool ConnectTcp(int fd, uint16_t port) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof(to)) == 0;
}

bool ConnectUnix(int fd, const std::string& path) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  path.copy(to.sun_path, sizeof(to.sun_path) - 1);
  return connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof(to)) == 0;
}

}  // namespace

RealMemcached::RealMemcached(Listen listen, std::vector<std::string> arguments)
    : listen_(listen),
      arguments_(std::move(arguments)),
      directory_(TemporaryDirectory()),
      port_(FreePort()) {
  Start();
}

RealMemcached::~RealMemcached() {
  process_.Kill();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::string RealMemcached::address() const {
  return listen_ == Listen::kTcp ? "127.0.0.1:" + std::to_string(port_)
                                 : "unix:" + directory_ + "/memcached.sock";
}

void RealMemcached::Start() {
  // As root it wants to be told so; and a change of user would undo that it
  // dies with its parent.
  std::vector<std::string> argv = {"memcached", "-u", "root", "-t", "1"};
  if (listen_ == Listen::kTcp) {
    argv.insert(argv.end(),
                {"-l", "127.0.0.1", "-U", "0", "-p", std::to_string(port_)});
  } else {
    argv.insert(argv.end(), {"-s", directory_ + "/memcached.sock"});
  }
  argv.insert(argv.end(), arguments_.begin(), arguments_.end());
  process_.Start(argv, directory_ + "/log");
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (Call("") == "(no connection)") {
    ASSERT_LT(std::chrono::steady_clock::now(), until)
        << "memcached does not come up";
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

std::string RealMemcached::Call(std::string_view commands) {
  const int family = listen_ == Listen::kTcp ? AF_INET : AF_UNIX;
  const TestSocket socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience{5, 0};
  setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience,
             sizeof(patience));
  const bool connected =
      listen_ == Listen::kTcp
          ? ConnectTcp(socket.get(), port_)
          : ConnectUnix(socket.get(), directory_ + "/memcached.sock");
  const std::string request = std::string(commands) + "mn\r\n";
  if (!connected ||
      send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) !=
          static_cast<ssize_t>(request.size())) {
    return "(no connection)";
  }
  std::string answer;
  char piece[4096];
  while (!answer.ends_with(kEnd)) {
    const ssize_t got = recv(socket.get(), piece, sizeof(piece), 0);
    if (got <= 0) return "(no connection)";
    answer.append(piece, static_cast<size_t>(got));
  }
  answer.resize(answer.size() - kEnd.size());
  return answer;
}

}  // namespace frontrunner
