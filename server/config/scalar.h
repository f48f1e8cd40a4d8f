#pragma once

#include <string>

#include "google/protobuf/message.h"

namespace frontrunner::config {

/// Where a value goes: a field, or one more item of a repeated field.
struct Slot {
  google::protobuf::Message* message;
  const google::protobuf::FieldDescriptor* field;
};

/// Whether one value of the field is written as one scalar.
bool IsScalar(const google::protobuf::FieldDescriptor& field);

/// Writes the value that a text stands for, by the type and the rules of the
/// slot's field, which is one of scalars. False, and nothing changed, where the
/// text is not allowed.
bool WriteScalar(const std::string& text, Slot slot);

}  // namespace frontrunner::config
