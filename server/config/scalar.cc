#include "server/config/scalar.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "google/protobuf/duration.pb.h"
#include "server/config/form.h"
#include "server/config/rules.h"
#include "server/config/units.h"

namespace frontrunner::config {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Reflection;

/// The quantity, if `parse` makes one of the text and it is within the bounds.
template <typename Quantity>
std::optional<Quantity> Bounded(
    const std::string& text, const v1::Rules& rules,
    std::optional<Quantity> (*parse)(std::string_view)) {
  const auto quantity = parse(text);
  if (!quantity) return std::nullopt;
  if (!rules.min().empty() && *quantity < parse(rules.min())) {
    return std::nullopt;
  }
  if (!rules.max().empty() && *quantity > parse(rules.max())) {
    return std::nullopt;
  }
  return quantity;
}

/// Sets or adds by what the slot is; true.
template <typename Value, typename Set, typename Add>
bool Write(Slot slot, Value value, Set set, Add add) {
  const Reflection& reflection = *slot.message->GetReflection();
  if (slot.field->is_repeated()) {
    (reflection.*add)(slot.message, slot.field, std::move(value));
  } else {
    (reflection.*set)(slot.message, slot.field, std::move(value));
  }
  return true;
}

bool WriteText(const std::string& text, const v1::Rules& rules, Slot slot) {
  if (!HasForm(text, rules.form())) return false;
  if (rules.required() && text.empty()) return false;
  return Write(slot, text, &Reflection::SetString, &Reflection::AddString);
}

bool WriteUint32(const std::string& text, const v1::Rules& rules, Slot slot) {
  const auto number = Bounded<uint64_t>(text, rules, &ParseNumber);
  if (!number || *number > UINT32_MAX) return false;
  return Write(slot, static_cast<uint32_t>(*number), &Reflection::SetUInt32,
               &Reflection::AddUInt32);
}

bool WriteUint64(const std::string& text, const v1::Rules& rules, Slot slot) {
  const auto number = Bounded<uint64_t>(
      text, rules, rules.unit() == v1::SIZE ? &ParseSize : &ParseNumber);
  return number &&
         Write(slot, *number, &Reflection::SetUInt64, &Reflection::AddUInt64);
}

bool WriteDouble(const std::string& text, const v1::Rules& rules, Slot slot) {
  const auto number = Bounded<double>(
      text, rules, rules.unit() == v1::RATIO ? &ParseRatio : &ParseDecimal);
  return number &&
         Write(slot, *number, &Reflection::SetDouble, &Reflection::AddDouble);
}

bool WriteBool(const std::string& text, Slot slot) {
  if (text != "true" && text != "false") return false;
  return Write(slot, text == "true", &Reflection::SetBool,
               &Reflection::AddBool);
}

bool WriteEnum(const std::string& text, Slot slot) {
  const auto* value = slot.field->enum_type()->FindValueByName(text);
  // Zero is what an absent field has; nobody writes it.
  if (value == nullptr || value->number() == 0) return false;
  return Write(slot, value, &Reflection::SetEnum, &Reflection::AddEnum);
}

bool WriteDuration(const std::string& text, const v1::Rules& rules, Slot slot) {
  const auto duration = Bounded<Duration>(text, rules, &ParseDuration);
  if (!duration) return false;
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(*duration);
  google::protobuf::Duration written;
  written.set_seconds(seconds.count());
  written.set_nanos(static_cast<int32_t>((*duration - seconds).count()));
  const Reflection& reflection = *slot.message->GetReflection();
  auto* target = slot.field->is_repeated()
                     ? reflection.AddMessage(slot.message, slot.field)
                     : reflection.MutableMessage(slot.message, slot.field);
  target->CopyFrom(written);
  return true;
}

}  // namespace

bool IsScalar(const FieldDescriptor& field) {
  return field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE ||
         field.message_type() == google::protobuf::Duration::descriptor();
}

bool WriteScalar(const std::string& text, Slot slot) {
  const v1::Rules& rules = RulesOf(*slot.field);
  switch (slot.field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return WriteText(text, rules, slot);
    case FieldDescriptor::CPPTYPE_UINT32:
      return WriteUint32(text, rules, slot);
    case FieldDescriptor::CPPTYPE_UINT64:
      return WriteUint64(text, rules, slot);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return WriteDouble(text, rules, slot);
    case FieldDescriptor::CPPTYPE_BOOL:
      return WriteBool(text, slot);
    case FieldDescriptor::CPPTYPE_ENUM:
      return WriteEnum(text, slot);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return WriteDuration(text, rules, slot);
    default:
      // No field of the schema has another type; a test sees to it.
      return false;
  }
}

}  // namespace frontrunner::config
