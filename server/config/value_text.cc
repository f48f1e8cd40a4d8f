#include "server/config/value_text.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "google/protobuf/duration.pb.h"
#include "server/config/proto_time.h"
#include "server/config/rules.h"
#include "server/config/units.h"

namespace frontrunner::config {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

/// A field's value, or that of one of its items.
class Value {
 public:
  Value(const Message& message, const FieldDescriptor& field, int index)
      : message_(message),
        field_(field),
        reflection_(*message.GetReflection()),
        index_(index) {}

  template <typename Single, typename Item>
  auto Get(Single single, Item item) const {
    return index_ < 0 ? (reflection_.*single)(message_, &field_)
                      : (reflection_.*item)(message_, &field_, index_);
  }

  Duration AsDuration() const {
    const Message& found =
        index_ < 0 ? reflection_.GetMessage(message_, &field_)
                   : reflection_.GetRepeatedMessage(message_, &field_, index_);
    google::protobuf::Duration duration;
    duration.CopyFrom(found);
    return ToDuration(duration);
  }

 private:
  const Message& message_;
  const FieldDescriptor& field_;
  const Reflection& reflection_;
  const int index_;
};

}  // namespace

std::string ValueText(const Message& message, const FieldDescriptor& field,
                      int index) {
  const Value value(message, field, index);
  const v1::Unit unit = RulesOf(field).unit();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return value.Get(&Reflection::GetString, &Reflection::GetRepeatedString);
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(
          value.Get(&Reflection::GetUInt32, &Reflection::GetRepeatedUInt32));
    case FieldDescriptor::CPPTYPE_UINT64: {
      const uint64_t number =
          value.Get(&Reflection::GetUInt64, &Reflection::GetRepeatedUInt64);
      return unit == v1::SIZE ? SizeText(number) : absl::StrCat(number);
    }
    case FieldDescriptor::CPPTYPE_DOUBLE: {
      const double number =
          value.Get(&Reflection::GetDouble, &Reflection::GetRepeatedDouble);
      return unit == v1::RATIO ? RatioText(number) : DecimalText(number);
    }
    case FieldDescriptor::CPPTYPE_BOOL:
      return value.Get(&Reflection::GetBool, &Reflection::GetRepeatedBool)
                 ? "true"
                 : "false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return value.Get(&Reflection::GetEnum, &Reflection::GetRepeatedEnum)
          ->name();
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return DurationText(value.AsDuration());
    default:
      // No field of the schema has another type; a test sees to it.
      return "";
  }
}

}  // namespace frontrunner::config
