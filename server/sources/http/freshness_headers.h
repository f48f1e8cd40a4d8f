#pragma once

#include <optional>
#include <string_view>

#include "server/base/time.h"

namespace frontrunner {

/// What an answer's headers say of its age, read as a cache that serves many
/// does (RFC 9111). Headers that make no sense say nothing.
class FreshnessHeaders {
 public:
  /// To be called for every Cache-Control and Age header.
  void AddCacheControl(std::string_view value);
  void AddAge(std::string_view value);

  /// How much longer it may be kept: s-maxage, else max-age, less its age; zero
  /// with no-store, no-cache or private. Absent: they do not say.
  std::optional<Duration> fresh_for() const;
  Duration age() const { return age_; }

 private:
  std::optional<Duration> max_age_;
  std::optional<Duration> shared_max_age_;
  bool never_ = false;
  Duration age_{0};
};

}  // namespace frontrunner
