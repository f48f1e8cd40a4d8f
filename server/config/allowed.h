#pragma once

#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"

namespace frontrunner::config {

/// What may be written for one value of a field.
struct Allowed {
  /// "a duration such as 250ms or 1h30m, from 1ms to 24h".
  std::string text;
  /// Where only a few words are allowed: these.
  std::vector<std::string> words;
};

/// Of a field whose values are scalars (scalar.h).
Allowed AllowedFor(const google::protobuf::FieldDescriptor& field);

/// The names of an enum that may be written: all but that of value 0, which is
/// what an absent field has.
Allowed WordsOf(const google::protobuf::EnumDescriptor& type);

}  // namespace frontrunner::config
