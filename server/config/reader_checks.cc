// What the reader makes of names and absent fields; how it walks is in
// reader.cc.

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/base/strings.h"
#include "server/config/allowed.h"
#include "server/config/form.h"
#include "server/config/reader.h"
#include "server/config/rules.h"

namespace frontrunner::config {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::OneofDescriptor;

void Reader::Complete(const Path& path, Message& message, const Seen& seen) {
  const Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const v1::Rules& rules = RulesOf(field);
    if (seen.names.contains(field.name())) continue;
    if (rules.required() && !seen.meant.contains(field.name())) {
      findings_.Add(findings_.PlaceOf(path),
                    absl::StrCat(Show(path), " has no ", field.name(),
                                 "; it is required"));
    }
    if (rules.default_yaml().empty()) continue;
    const bool outer = std::exchange(in_default_, true);
    const YAML::Node node = YAML::Load(rules.default_yaml());
    const Path field_path = Join(path, field.name());
    ReadField(
        Value{
            .node = node, .path = field_path, .place = findings_.PlaceOf(path)},
        Slot{&message, &field});
    in_default_ = outer;
  }
}

void Reader::CheckOneofs(const Path& path, const Message& message,
                         const Seen& seen) {
  const Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.real_oneof_decl_count(); ++i) {
    const OneofDescriptor& oneof = *type.oneof_decl(i);
    std::vector<std::string> names;
    std::vector<std::string> found;
    bool meant = false;
    Place last;
    for (int j = 0; j < oneof.field_count(); ++j) {
      const std::string& name = oneof.field(j)->name();
      names.push_back(name);
      meant = meant || seen.meant.contains(name);
      const auto at = seen.names.find(name);
      if (at == seen.names.end()) continue;
      found.push_back(name);
      if (at->second.line > last.line ||
          (at->second.line == last.line && at->second.column > last.column)) {
        last = at->second;
      }
    }
    const std::string allowed =
        absl::StrCat("; allowed: one of ", absl::StrJoin(names, ", "));
    if (found.size() > 1) {
      findings_.Add(
          last, absl::StrCat(Show(path), " is ", absl::StrJoin(found, " and "),
                             " at once", allowed));
    } else if (found.empty() && !meant &&
               oneof.options().GetExtension(v1::one_of_these)) {
      findings_.Add(
          findings_.PlaceOf(path),
          absl::StrCat(Show(path), " has no ", oneof.name(), allowed));
    }
  }
}

void Reader::CheckDistinct(const Value& list, const v1::Rules& rules) {
  absl::flat_hash_set<std::string> seen;
  for (const auto& item : list.node) {
    if (item.IsScalar() && !seen.insert(item.Scalar()).second) {
      const std::string shown =
          rules.secret() ? Quote("***") : QuoteOrMask(item.Scalar());
      findings_.Add(PlaceOf(item), absl::StrCat(Show(list.path), " has ", shown,
                                                " twice; allowed: each once"));
    }
  }
}

void Reader::CheckSize(const Value& value, const v1::Rules& rules,
                       std::string_view things) {
  std::string allowed;
  if (value.node.size() < rules.min_items()) {
    allowed = absl::StrCat("at least ", rules.min_items());
  } else if (rules.max_items() != 0 && value.node.size() > rules.max_items()) {
    allowed = absl::StrCat("at most ", rules.max_items());
  } else {
    return;
  }
  findings_.Add(value.place,
                absl::StrCat(Show(value.path), " has ", value.node.size(), " ",
                             Absl(things), "; allowed: ", allowed));
}

bool Reader::CheckKey(const std::string& key, Place place, const Path& path,
                      const Field& map) {
  const v1::Rules& rules = RulesOf(map);
  Allowed allowed;
  if (!rules.key_enum().empty()) {
    allowed = WordsOf(*map.file()->FindEnumTypeByName(rules.key_enum()));
    if (std::find(allowed.words.begin(), allowed.words.end(), key) !=
        allowed.words.end()) {
      return true;
    }
  } else if (HasForm(key, rules.key_form())) {
    return true;
  } else {
    allowed.text = FormInWords(rules.key_form());
  }
  findings_.Add(place, absl::StrCat(Show(path), " has the name ",
                                    QuoteName(key, rules.secret()),
                                    "; allowed: ", allowed.text,
                                    DidYouMean(key, allowed.words)));
  return false;
}

bool Reader::TakeName(const YAML::Node& key, const Path& path, Seen& seen,
                      std::string& name, Place& place, bool any_case) {
  place = PlaceOf(key);
  if (!key.IsScalar()) {
    findings_.Add(place, absl::StrCat(Show(path),
                                      " has a name that is not a text; "
                                      "allowed: a text"));
    return false;
  }
  name = key.Scalar();
  const auto [first, is_first] =
      seen.names.emplace(any_case ? absl::AsciiStrToLower(name) : name, place);
  if (!is_first) {
    findings_.Add(place,
                  absl::StrCat(Show(path), " has ",
                               QuoteName(name, HoldsSecret(seen.type)),
                               " twice, first in line ", first->second.line,
                               "; allowed: each once"));
  }
  return is_first;
}

Place Reader::PlaceOf(const YAML::Node& node) const {
  const YAML::Mark mark = node.Mark();
  return lines_.At(mark.line, mark.column);
}

Place Reader::PlaceOf(const YAML::Node& node, Place key) const {
  return node.IsScalar() ? PlaceOf(node) : key;
}

void Reader::Locate(const Value& value) {
  if (!in_default_) findings_.Locate(value.path, value.place);
}

void Reader::Wrong(const Value& value, std::string_view allowed, bool secret) {
  std::string found;
  if (value.node.IsScalar()) {
    const std::string& text = value.node.Scalar();
    found = secret || MayHavePassword(text) ? "a text that is not shown"
                                            : Quote(text);
  } else if (value.node.IsSequence()) {
    found = "a list";
  } else {
    found = value.node.IsMap() ? "a mapping" : "empty";
  }
  findings_.Add(value.place, absl::StrCat(Show(value.path), " is ", found,
                                          "; allowed: ", Absl(allowed)));
}

}  // namespace frontrunner::config
