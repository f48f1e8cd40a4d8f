#pragma once

#include "frontrunner/config/v1/options.pb.h"
#include "google/protobuf/descriptor.h"

namespace frontrunner::config {

/// What the schema says of a field. The values of a map of scalars go by the
/// rules of the map, since protobuf has no place to write any of their own.
const v1::Rules& RulesOf(const google::protobuf::FieldDescriptor& field);

/// Whether a secret can be anywhere in a value of the field, or of the type.
bool HoldsSecret(const google::protobuf::FieldDescriptor& field);
bool HoldsSecret(const google::protobuf::Descriptor& type);

}  // namespace frontrunner::config
