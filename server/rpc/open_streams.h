#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "server/base/status.h"

namespace frontrunner {

/// The streams of one method that are open: bounded, and closed before the
/// transport shuts down, since such streams have no end of their own. It shares
/// the streams, and looks at none of them. Any thread; nobody is called with
/// the lock held.
template <typename Stream>
class OpenStreams {
 public:
  using List = std::vector<std::shared_ptr<Stream>>;

  explicit OpenStreams(size_t most) : most_(most) {}

  /// To be called before the stream begins. The refusal, where it has no place.
  std::optional<Refusal> Add(std::shared_ptr<Stream> stream) {
    const std::lock_guard lock(mutex_);
    if (closed_) return Refusal::kDraining;
    if (streams_.size() >= most_) return Refusal::kOverloaded;
    streams_.push_back(std::move(stream));
    return std::nullopt;
  }

  /// To be called by a stream that ends, while somebody else still holds it.
  void Remove(const Stream& stream) {
    const std::lock_guard lock(mutex_);
    streams_.remove_if(
        [&stream](const auto& other) { return other.get() == &stream; });
  }

  List all() const {
    const std::lock_guard lock(mutex_);
    return {streams_.begin(), streams_.end()};
  }

  /// Takes in no more, for good. What is returned is for the caller to end; it
  /// is here until it has.
  List Close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    return {streams_.begin(), streams_.end()};
  }

  size_t size() const {
    const std::lock_guard lock(mutex_);
    return streams_.size();
  }

 private:
  const size_t most_;
  mutable std::mutex mutex_;  // guards all below
  std::list<std::shared_ptr<Stream>> streams_;
  bool closed_ = false;
};

}  // namespace frontrunner
