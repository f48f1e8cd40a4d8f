#pragma once

#include <optional>
#include <string>

#include "client/output.h"
#include "frontrunner/v1/admin.pb.h"
#include "server/base/time.h"

namespace frontrunner {

/// Shows a prefetch's progress as it comes: with JSON a line each; on a
/// terminal a bar in one place; else a line now and then. One thread.
class ProgressDisplay {
 public:
  /// Between lines that are not drawn in one place.
  static constexpr Duration kBetweenLines = std::chrono::seconds(5);

  ProgressDisplay(const Output& output, bool json)
      : output_(output), json_(json) {}

  /// How many keys were read and accepted, before all of them are.
  void Sending(uint64_t read, uint64_t accepted);
  void Show(const v1::PrefetchProgress& progress);
  /// Its last word. Text for people also sums up.
  void Finish(const v1::PrefetchProgress& progress);
  /// A line for people, to `err`, out of the bar's way.
  void Note(const std::string& line);
  /// Takes the bar off the screen.
  void Clear();

 private:
  // Where it is time for the next one.
  void Line(const std::string& line);

  const Output& output_;
  const bool json_;
  bool drawn_ = false;
  std::optional<TimePoint> last_;
};

}  // namespace frontrunner
