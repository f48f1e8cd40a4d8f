#include "server/config/reader.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/base/strings.h"
#include "server/config/allowed.h"
#include "server/config/rules.h"
#include "server/config/suggest.h"

namespace frontrunner::config {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

std::vector<std::string> FieldNames(const Descriptor& type) {
  std::vector<std::string> names;
  names.reserve(static_cast<size_t>(type.field_count()));
  for (int i = 0; i < type.field_count(); ++i) {
    names.push_back(type.field(i)->name());
  }
  return names;
}

}  // namespace

void Reader::Read(const YAML::Node& root, Message& message) {
  const Place start{.line = 1, .column = 1};
  ReadMessage(Value{.node = root, .path = Path(), .place = start}, message);
}

void Reader::ReadMessage(const Value& value, Message& message) {
  const Descriptor& type = *message.GetDescriptor();
  Locate(value);
  if (type.options().GetExtension(v1::scalar)) {
    ReadOneScalarMessage(value, message);
    return;
  }
  const std::string& shorthand = type.options().GetExtension(v1::shorthand);
  if (value.node.IsScalar() && !shorthand.empty()) {
    ReadScalar(value, Slot{&message, type.FindFieldByName(shorthand)});
    Seen seen{.type = type};
    seen.names.emplace(shorthand, value.place);
    Complete(value.path, message, seen);
    return;
  }
  if (!value.node.IsMap()) {
    Wrong(value,
          absl::StrCat("a mapping of ", absl::StrJoin(FieldNames(type), ", ")),
          HoldsSecret(type));
    return;
  }
  ReadMapping(value, message);
}

void Reader::ReadMapping(const Value& value, Message& message) {
  const Descriptor& type = *message.GetDescriptor();
  Seen seen{.type = type};
  for (const auto& entry : value.node) {
    std::string name;
    Place place;
    if (!TakeName(entry.first, value.path, seen, name, place)) continue;
    const FieldDescriptor* field = type.FindFieldByName(name);
    if (field == nullptr) {
      ReadUnknown(name, place, value.path, seen);
      continue;
    }
    const Path path = Join(value.path, name);
    ReadField(Value{.node = entry.second,
                    .path = path,
                    .place = PlaceOf(entry.second, place)},
              Slot{&message, field});
  }
  CheckOneofs(value.path, message, seen);
  Complete(value.path, message, seen);
}

void Reader::ReadUnknown(const std::string& name, Place place, const Path& path,
                         Seen& seen) {
  const std::vector<std::string> names = FieldNames(seen.type);
  seen.meant.insert(Nearest(name, names));
  findings_.Add(place, absl::StrCat(Show(path), " has no field ",
                                    QuoteName(name, HoldsSecret(seen.type)),
                                    "; allowed: ", absl::StrJoin(names, ", "),
                                    DidYouMean(name, names)));
}

void Reader::ReadOneScalarMessage(const Value& value, Message& message) {
  const Descriptor& type = *message.GetDescriptor();
  const FieldDescriptor* other = nullptr;
  std::vector<std::string> words;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* field = type.field(i);
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_BOOL) {
      other = field;
    } else if (value.node.IsScalar() && value.node.Scalar() == field->name()) {
      message.GetReflection()->SetBool(&message, field, true);
      return;
    } else {
      words.push_back(field->name());
    }
  }
  if (value.node.IsScalar() &&
      WriteScalar(value.node.Scalar(), Slot{&message, other})) {
    return;
  }
  const std::string text =
      value.node.IsScalar() ? value.node.Scalar() : std::string();
  Wrong(value,
        absl::StrCat(AllowedFor(*other).text, ", or ",
                     absl::StrJoin(words, ", or "), DidYouMean(text, words)),
        HoldsSecret(type));
}

void Reader::ReadField(const Value& value, Slot slot) {
  if (slot.field->is_map()) {
    ReadNamed(value, slot);
  } else if (slot.field->is_repeated()) {
    ReadList(value, slot);
  } else {
    ReadOne(value, slot);
  }
}

void Reader::ReadOne(const Value& value, Slot slot) {
  if (IsScalar(*slot.field)) {
    ReadScalar(value, slot);
    return;
  }
  const auto& reflection = *slot.message->GetReflection();
  Message* message = slot.field->is_repeated()
                         ? reflection.AddMessage(slot.message, slot.field)
                         : reflection.MutableMessage(slot.message, slot.field);
  ReadMessage(value, *message);
}

void Reader::ReadList(const Value& value, Slot slot) {
  const v1::Rules& rules = RulesOf(*slot.field);
  Locate(value);
  if (!value.node.IsSequence()) {
    Wrong(value, "a list", HoldsSecret(*slot.field));
    return;
  }
  CheckSize(value, rules, "items");
  int index = 0;
  for (const auto& item : value.node) {
    const Path path = Item(value.path, index++);
    ReadOne(
        Value{
            .node = item, .path = path, .place = PlaceOf(item, PlaceOf(item))},
        slot);
  }
  if (rules.distinct()) CheckDistinct(value, rules);
}

void Reader::ReadNamed(const Value& value, Slot slot) {
  const v1::Rules& rules = RulesOf(*slot.field);
  const Descriptor& type = *slot.field->message_type();
  Locate(value);
  if (!value.node.IsMap()) {
    Wrong(value, "a mapping of names", HoldsSecret(*slot.field));
    return;
  }
  CheckSize(value, rules, "entries");
  Seen seen{.type = type};
  for (const auto& item : value.node) {
    std::string name;
    Place place;
    if (!TakeName(item.first, value.path, seen, name, place,
                  rules.key_any_case())) {
      continue;
    }
    if (!CheckKey(name, place, value.path, *slot.field) && rules.secret()) {
      continue;  // What is said of its value would have the name in it.
    }
    Message* entry =
        slot.message->GetReflection()->AddMessage(slot.message, slot.field);
    entry->GetReflection()->SetString(entry, type.map_key(), name);
    const Path path = Join(value.path, name);
    ReadOne(Value{.node = item.second,
                  .path = path,
                  .place = PlaceOf(item.second, place)},
            Slot{entry, type.map_value()});
  }
}

void Reader::ReadScalar(const Value& value, Slot slot) {
  Locate(value);
  if (value.node.IsScalar() && WriteScalar(value.node.Scalar(), slot)) return;
  const Allowed allowed = AllowedFor(*slot.field);
  const std::string text =
      value.node.IsScalar() ? value.node.Scalar() : std::string();
  Wrong(value, absl::StrCat(allowed.text, DidYouMean(text, allowed.words)),
        HoldsSecret(*slot.field));
}

}  // namespace frontrunner::config
