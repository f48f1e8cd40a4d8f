#include "server/config/rules.h"

#include "server/config/scalar.h"

namespace frontrunner::config {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

/// The map field whose entries are of the type.
const FieldDescriptor* MapOf(const Descriptor& entry) {
  // protoc declares an entry's type inside the message that has the map.
  const Descriptor& owner = *entry.containing_type();
  for (int i = 0; i < owner.field_count(); ++i) {
    if (owner.field(i)->message_type() == &entry) return owner.field(i);
  }
  return nullptr;
}

}  // namespace

const v1::Rules& RulesOf(const FieldDescriptor& field) {
  const FieldDescriptor* said = &field;
  if (field.containing_type()->options().map_entry() && IsScalar(field)) {
    if (const auto* map = MapOf(*field.containing_type())) said = map;
  }
  return said->options().GetExtension(v1::rules);
}

// No message of the schema is part of itself.
bool HoldsSecret(const FieldDescriptor& field) {
  if (RulesOf(field).secret()) return true;
  return !IsScalar(field) && HoldsSecret(*field.message_type());
}

bool HoldsSecret(const Descriptor& type) {
  for (int i = 0; i < type.field_count(); ++i) {
    if (HoldsSecret(*type.field(i))) return true;
  }
  return false;
}

}  // namespace frontrunner::config
