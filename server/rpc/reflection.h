#pragma once

#include <cstddef>
#include <vector>

#include "server/rpc/open_streams.h"
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

  const ReflectionAnswers answers_;
  OpenStreams<Stream> streams_;
};

}  // namespace frontrunner
