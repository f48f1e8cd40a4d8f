#pragma once

#include <string>
#include <vector>

#include "grpc/reflection/v1/reflection.pb.h"

namespace frontrunner {

/// What a server says about its own protocol, out of the descriptors that are
/// linked in. Thread-safe.
class ReflectionAnswers {
 public:
  /// The full names of the services that are served.
  explicit ReflectionAnswers(std::vector<std::string> services);

  /// The answer to one question; a question that cannot be answered has an
  /// error in it, as clients of gRPC's own reflection know it.
  grpc::reflection::v1::ServerReflectionResponse Answer(
      const grpc::reflection::v1::ServerReflectionRequest& request) const;

 private:
  const std::vector<std::string> services_;
};

}  // namespace frontrunner
