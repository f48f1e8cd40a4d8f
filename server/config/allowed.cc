#include "server/config/allowed.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/base/strings.h"
#include "server/config/form.h"
#include "server/config/rules.h"

namespace frontrunner::config {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

/// ", from 1ms to 24h", as far as there are bounds.
std::string Range(const v1::Rules& rules) {
  if (!rules.min().empty() && !rules.max().empty()) {
    return absl::StrCat(", from ", rules.min(), " to ", rules.max());
  }
  if (!rules.min().empty()) return absl::StrCat(", at least ", rules.min());
  if (!rules.max().empty()) return absl::StrCat(", at most ", rules.max());
  return "";
}

}  // namespace

Allowed WordsOf(const EnumDescriptor& type) {
  Allowed allowed;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0) {
      allowed.words.push_back(type.value(i)->name());
    }
  }
  allowed.text = absl::StrJoin(allowed.words, ", ");
  return allowed;
}

namespace {

std::string Text(const v1::Rules& rules) {
  if (rules.form() == v1::ANY_TEXT && rules.required()) {
    return "a text that is not empty";
  }
  return std::string(FormInWords(rules.form()));
}

std::string Number(const v1::Rules& rules) {
  const auto* kind = rules.unit() == v1::SIZE ? "a size such as 4KiB or 64MiB"
                                              : "a whole number";
  return absl::StrCat(kind, Range(rules));
}

}  // namespace

Allowed AllowedFor(const FieldDescriptor& field) {
  const v1::Rules& rules = RulesOf(field);
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return {.text = Text(rules), .words = {}};
    case FieldDescriptor::CPPTYPE_BOOL:
      return {.text = "true or false", .words = {"true", "false"}};
    case FieldDescriptor::CPPTYPE_ENUM:
      return WordsOf(*field.enum_type());
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return {.text = absl::StrCat(rules.unit() == v1::RATIO
                                       ? "a part such as 10%"
                                       : "a number such as 0.5 or 200",
                                   Range(rules)),
              .words = {}};
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return {.text = absl::StrCat("a duration such as 250ms or 1h30m",
                                   Range(rules)),
              .words = {}};
    default:
      return {.text = Number(rules), .words = {}};
  }
}

}  // namespace frontrunner::config
