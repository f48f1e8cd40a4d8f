#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "server/rpc/reflection_answers.h"
#include "server/rpc/transport.h"

namespace frontrunner {

/// Server reflection, grpc.reflection.v1 and v1alpha: a stream of questions and
/// answers.
class ReflectionHandler final : public Handler {
 public:
  /// Tells of the services of `served` and of itself. More than `max_streams`
  /// at a time are refused.
  explicit ReflectionHandler(const std::vector<Route>& served,
                             size_t max_streams = 100);
  ~ReflectionHandler() override;

  /// To be served beside the others.
  std::vector<Route> routes();

  void Handle(ServerCall& call) override;

  /// Ends every stream and refuses new ones, so that the transport can be shut
  /// down: an idle stream has no end of its own. Any thread; for good.
  void EndStreams();

 private:
  class Stream;

  void Forget(const Stream& stream);

  const ReflectionAnswers answers_;
  const size_t max_streams_;
  std::mutex mutex_;  // guards all below
  std::list<std::shared_ptr<Stream>> streams_;
  bool ended_ = false;
};

}  // namespace frontrunner
