#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/loop/loop.h"
#include "server/race/source.h"
#include "server/sources/grpc/channel.h"

namespace frontrunner {

/// The method that a GrpcSource calls.
inline constexpr std::string_view kLookupMethod =
    "/frontrunner.v1.LookupService/Lookup";

/// Asks a server of LookupService, which may be another Frontrunner: the call
/// carries the hop count (rule 15), the priority and the deadline. A failure
/// has the backend's code and the first 512 bytes of its message; the code
/// NOT_FOUND is a miss.
class GrpcSource final : public Source {
 public:
  struct Settings {
    std::string name;
    /// The most one call may take at the backend. The timeout wrapper around
    /// the source ends the attempt here; this tells the backend. Not applied to
    /// a call that waits for the first connection. Absent: the query's deadline
    /// alone.
    std::optional<Duration> timeout;
  };

  /// `loop` outlives the source.
  GrpcSource(Loop& loop, Settings settings,
             std::unique_ptr<ClientChannel> channel);
  ~GrpcSource() override;

  std::string_view name() const override { return settings_.name; }
  std::unique_ptr<Attempt> Start(const Query& query, Done done) override;
  Connectivity connectivity() const override;
  void WhenOpened(absl::AnyInvocable<void() &&> opened) override;

 private:
  TimePoint DeadlineOf(const Query& query) const;

  Loop& loop_;
  const Settings settings_;
  const std::unique_ptr<ClientChannel> channel_;
  /// The target, as failures name it; kept by attempts.
  const std::shared_ptr<const std::string> target_;
};

}  // namespace frontrunner
