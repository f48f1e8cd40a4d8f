#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "frontrunner/config/v1/config.pb.h"
#include "server/base/time.h"
#include "server/sources/computation/function.h"

namespace frontrunner {

/// The whole server, put together from a configuration. The one place that
/// knows every concrete class; everybody else sees interfaces.
///
/// All members are for one thread, and may block.
class Assembly {
 public:
  /// What an assembly takes from its process.
  struct Surroundings {
    /// Functions that were linked in; only read inside Build.
    const FunctionRegistry* functions = nullptr;
    /// An operator wishes the server to drain: sees to it that Drain is called,
    /// and returns at once. Any thread; perhaps more than once.
    std::function<void()> drain;
    /// A line for the operator: what was found wrong, and what came of it. Any
    /// thread; never blocks for long.
    std::function<void(std::string_view)> log;
  };

  /// Makes loops, sources and tables, and begins to connect. Lookups are not
  /// served yet, but the HTTP port is, for probes. `config` is complete (see
  /// LoadConfig). Errors name what can't be built or listened on, and why.
  static absl::StatusOr<std::unique_ptr<Assembly>> Build(
      const config::v1::Config& config, Surroundings surroundings);

  /// Cancels what is still under way.
  ~Assembly();
  Assembly(const Assembly&) = delete;
  Assembly& operator=(const Assembly&) = delete;

  /// Begins to serve. An error names the address that can't be listened on.
  absl::Status Serve();

  /// Where it listens, port numbers filled in.
  std::vector<std::string> addresses() const;
  std::string admin_address() const;
  std::string http_address() const;

  /// To be called now and then: tells those who watch health what has changed.
  void RefreshHealth();

  /// Whether every thread that a lookup needs, edges and loops, has run what
  /// the last call asked it to (see ThreadProbe); to be called again and again,
  /// while it serves. The journal's thread does not count: it may wait for the
  /// disk.
  bool ThreadsAnswered();

  /// Rule 14. NOT_SERVING for `lame_duck` while still accepting; then new
  /// lookups are refused, and those under way have `grace` to end; the rest is
  /// cancelled. True: all was answered. Serves nobody afterwards.
  bool Drain(Duration lame_duck, Duration grace);

 private:
  struct Parts;
  explicit Assembly(std::unique_ptr<Parts> parts);

  const std::unique_ptr<Parts> parts_;
};

}  // namespace frontrunner
