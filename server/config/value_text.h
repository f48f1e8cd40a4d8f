#pragma once

#include <string>

#include "google/protobuf/message.h"

namespace frontrunner::config {

/// A scalar as the configuration file has it, by the type and rules of its
/// field: the reverse of WriteScalar. `index` is an item of a repeated field.
std::string ValueText(const google::protobuf::Message& message,
                      const google::protobuf::FieldDescriptor& field,
                      int index = -1);

}  // namespace frontrunner::config
