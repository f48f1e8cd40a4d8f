#pragma once

#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/rpc/grpc_server.h"
#include "server/rpc/transport.h"

namespace frontrunner {

/// Long enough for anything that happens at all.
inline constexpr Duration kPatience = std::chrono::seconds(15);

/// A handler written in the test.
class FunctionHandler final : public Handler {
 public:
  explicit FunctionHandler(std::function<void(ServerCall&)> handle)
      : handle_(std::move(handle)) {}
  void Handle(ServerCall& call) override { handle_(call); }

 private:
  const std::function<void(ServerCall&)> handle_;
};

/// What crosses from one thread to another in a test, in order.
template <typename T>
class Mailbox {
 public:
  void Put(T item) {
    const std::lock_guard lock(mutex_);
    items_.push_back(std::move(item));
    changed_.notify_all();
  }
  /// nullopt: nothing has come for a long time.
  std::optional<T> Take(Duration patience = kPatience) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, patience, [&] { return !items_.empty(); })) {
      return std::nullopt;
    }
    T item = std::move(items_.front());
    items_.pop_front();
    return item;
  }
  size_t size() const {
    const std::lock_guard lock(mutex_);
    return items_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<T> items_;
};

/// A folder that goes with the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    if (::mkdtemp(path_.data()) == nullptr) std::abort();
  }
  ~TemporaryFolder() {
    const std::string command = absl::StrCat("rm -rf '", path_, "'");
    static_cast<void>(std::system(command.c_str()));
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/frontrunner-test-XXXXXX";
};

/// The settings of a server on a free loopback port.
inline GrpcServer::Settings LoopbackSettings() {
  GrpcServer::Settings settings;
  settings.listen = {"127.0.0.1:0"};
  settings.edge_threads = 2;
  return settings;
}

inline std::string TargetOf(const GrpcServer& server) {
  return absl::StrCat("127.0.0.1:", server.ports().at(0));
}

/// Waits until no call is open on the server; false: some never end.
bool WaitUntilNoCalls(const GrpcServer& server);

}  // namespace frontrunner
