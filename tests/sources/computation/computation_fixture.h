#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "server/base/status.h"
#include "server/sources/computation/computation_source.h"
#include "server/sources/computation/plugin.h"
#include "tests/fakes/fake_loop.h"
#include "tests/fakes/fake_source.h"

namespace frontrunner {

/// A function whose calls stay inside until they are let out, and what it was
/// called for, in order. Thread-safe.
class Gate {
 public:
  /// Answers with the key. Looks at its stop token only if `heeds_stop`.
  ComputeFunction Function(bool heeds_stop = false) {
    return [this, heeds_stop](const CallContext& call,
                              const std::stop_token& stop) -> Outcome {
      std::unique_lock lock(mutex_);
      entered_.push_back(call.key);
      while (!open_ && passes_ == 0) {
        if (heeds_stop && stop.stop_requested()) {
          return absl::CancelledError("stopped");
        }
        changed_.wait_for(lock, std::chrono::milliseconds(1));
      }
      if (!open_) --passes_;
      return TextValue(call.key);
    };
  }

  /// Lets one call out, or all from now on.
  void LetOneOut() {
    const std::lock_guard lock(mutex_);
    ++passes_;
    changed_.notify_all();
  }
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  std::vector<std::string> entered() const {
    const std::lock_guard lock(mutex_);
    return entered_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> entered_;
  int passes_ = 0;
  bool open_ = false;
};

class ComputationTest : public ::testing::Test {
 protected:
  static std::shared_ptr<ComputationPool> MakePool(
      ComputeFunction function, ComputationPool::Settings settings = {}) {
    auto pool = ComputationPool::Create(std::move(function), settings);
    EXPECT_TRUE(pool.ok()) << pool.status();
    return *pool;
  }

  /// The path of one of the plugins next to this file.
  static std::string PluginPath(std::string_view name) {
    return std::string(TEST_PLUGINS) + "/" + std::string(name) + ".so";
  }
  static absl::StatusOr<ComputeFunction> Load(std::string_view plugin,
                                              std::string_view function) {
    return LoadPlugin({.library = PluginPath(plugin),
                       .function = std::string(function),
                       .max_value = 10000});
  }

  /// Runs the loop until `holds`: other threads have to come first. Fails the
  /// test after ten seconds.
  void RunUntil(const std::function<bool()>& holds) {
    const auto until =
        std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (true) {
      loop_.RunUntilIdle();
      if (holds()) return;
      if (std::chrono::steady_clock::now() > until) {
        FAIL() << "waited in vain";
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  void RunUntilLogged(size_t lines) {
    RunUntil([&] { return log_.size() >= lines; });
  }

  /// Logs "KEY -> 'bytes'" or "KEY -> CODE: message".
  Done Logged(std::string_view key) {
    return [this, key = std::string(key)](const Outcome& outcome) {
      log_.push_back(key + " -> " +
                     (outcome.ok()
                          ? "'" + *outcome->bytes + "'"
                          : outcome.status().ToString(
                                absl::StatusToStringMode::kWithNoExtraData)));
    };
  }

  std::unique_ptr<Attempt> Ask(Source& source, std::string_view key,
                               int priority = 0) {
    Query query = TextQuery(key);
    query.priority = priority;
    return source.Start(query, Logged(key));
  }

  /// Asks a function without a pool.
  static Outcome Compute(const ComputeFunction& function,
                         std::string_view key) {
    return CallGuarded(function, *TextQuery(key).call, std::stop_token());
  }

  FakeLoop loop_;
  EventLog log_;
};

}  // namespace frontrunner
