#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/base/time.h"

namespace frontrunner {

/// Bytes shared by everyone who has to do with them; nobody changes them.
using Bytes = std::shared_ptr<const std::string>;

inline Bytes MakeBytes(std::string bytes) {
  return std::make_shared<const std::string>(std::move(bytes));
}

/// gRPC metadata: lower-case names, in the order they came.
using Metadata = std::vector<std::pair<std::string, std::string>>;

/// What a source found.
struct Value {
  /// Never null.
  Bytes bytes;
  /// Since a backend or computation produced it.
  Duration age{0};
  /// How much longer it may be kept. Absent: the source did not say. Zero: do
  /// not store it.
  std::optional<Duration> fresh_for;
  /// Served beyond its freshness.
  bool stale = false;
  /// How often the source was asked until it answered.
  int attempts = 1;
  /// Response metadata worth passing on.
  Metadata metadata;
};

}  // namespace frontrunner
