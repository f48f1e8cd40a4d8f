#include "server/config/config_yaml.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "frontrunner/config/v1/options.pb.h"
#include "google/protobuf/message.h"
#include "server/config/rules.h"
#include "server/config/scalar.h"
#include "server/config/value_text.h"
#include "yaml-cpp/yaml.h"

namespace frontrunner {
namespace {

using config::IsScalar;
using config::RulesOf;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using Fields = std::vector<const FieldDescriptor*>;

constexpr const char* kMasked = "***";

/// Whether a file that says the same has the field in it.
bool IsTold(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  if (field.is_repeated()) return reflection.FieldSize(message, &field) > 0;
  if (field.has_presence()) return reflection.HasField(message, &field);
  // What has no presence is zero or empty when it was not said, or when that is
  // what was said.
  const config::v1::Rules& rules = RulesOf(field);
  return reflection.HasField(message, &field) ||
         !rules.default_yaml().empty() || rules.required();
}

Fields ToldFields(const Message& message) {
  const Descriptor& type = *message.GetDescriptor();
  Fields told;
  for (int i = 0; i < type.field_count(); ++i) {
    if (IsTold(message, *type.field(i))) told.push_back(type.field(i));
  }
  return told;
}

/// A URL or target without the user and password before its host. A URL with
/// them is refused, but what is behind gRPC's schemes is gRPC's business.
std::string WithoutUser(std::string text, config::v1::Form form) {
  const bool is_url = form == config::v1::HTTP_URL;
  // A path may have an "@" in it.
  const bool is_target =
      form == config::v1::GRPC_TARGET && !absl::StartsWith(text, "unix");
  if (!is_url && !is_target) return text;
  const size_t begin = text.find_first_not_of(":/", text.find(':'));
  if (begin == std::string::npos) return text;
  const size_t end =
      is_url ? text.find_first_of("/?#", begin) : std::string::npos;
  const size_t at = text.rfind('@', end);
  if (at == std::string::npos || at < begin) return text;
  return text.replace(begin, at - begin, kMasked);
}

class Writer {
 public:
  std::string Write(const Message& message) {
    WriteMessage(message);
    return out_.c_str();
  }

 private:
  void WriteMessage(const Message& message) {
    const Fields told = ToldFields(message);
    const auto& options = message.GetDescriptor()->options();
    if (options.GetExtension(config::v1::scalar)) {
      WriteOneScalar(message, *told.front());
      return;
    }
    const std::string& shorthand = options.GetExtension(config::v1::shorthand);
    if (told.size() == 1 && told.front()->name() == shorthand) {
      WriteValue(message, *told.front());
      return;
    }
    out_ << YAML::BeginMap;
    for (const FieldDescriptor* field : told) {
      out_ << YAML::Key << field->name() << YAML::Value;
      WriteField(message, *field);
    }
    out_ << YAML::EndMap;
  }

  /// See options.proto: a word of its own, or a value.
  void WriteOneScalar(const Message& message, const FieldDescriptor& told) {
    if (told.cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
      out_ << told.name();
    } else {
      WriteValue(message, told);
    }
  }

  void WriteField(const Message& message, const FieldDescriptor& field) {
    if (field.is_map()) {
      WriteMap(message, field);
    } else if (field.is_repeated()) {
      WriteList(message, field);
    } else if (IsScalar(field)) {
      WriteValue(message, field);
    } else {
      WriteMessage(message.GetReflection()->GetMessage(message, &field));
    }
  }

  void WriteList(const Message& message, const FieldDescriptor& field) {
    const Reflection& reflection = *message.GetReflection();
    if (IsScalar(field)) out_ << YAML::Flow;
    out_ << YAML::BeginSeq;
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      if (IsScalar(field)) {
        WriteText(field, config::ValueText(message, field, i));
      } else {
        WriteMessage(reflection.GetRepeatedMessage(message, &field, i));
      }
    }
    out_ << YAML::EndSeq;
  }

  /// In the order of the keys: a map has none of its own.
  void WriteMap(const Message& message, const FieldDescriptor& field) {
    const Reflection& reflection = *message.GetReflection();
    const FieldDescriptor& key = *field.message_type()->map_key();
    const FieldDescriptor& value = *field.message_type()->map_value();
    std::vector<std::pair<std::string, const Message*>> entries;
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      const Message& entry = reflection.GetRepeatedMessage(message, &field, i);
      entries.emplace_back(entry.GetReflection()->GetString(entry, &key),
                           &entry);
    }
    std::sort(entries.begin(), entries.end());
    out_ << YAML::BeginMap;
    for (const auto& [name, entry] : entries) {
      out_ << YAML::Key << name << YAML::Value;
      if (IsScalar(value)) {
        WriteValue(*entry, value);
      } else {
        WriteMessage(entry->GetReflection()->GetMessage(*entry, &value));
      }
    }
    out_ << YAML::EndMap;
  }

  void WriteValue(const Message& message, const FieldDescriptor& field) {
    WriteText(field, config::ValueText(message, field));
  }

  void WriteText(const FieldDescriptor& field, const std::string& text) {
    const config::v1::Rules& rules = RulesOf(field);
    if (rules.secret()) {
      out_ << YAML::DoubleQuoted << kMasked;
      return;
    }
    // Names go without; any other text may look like something else.
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING &&
        rules.form() != config::v1::NAME) {
      out_ << YAML::DoubleQuoted;
    }
    out_ << WithoutUser(text, rules.form());
  }

  YAML::Emitter out_;
};

}  // namespace

std::string ConfigYaml(const config::v1::Config& config) {
  return Writer().Write(config) + "\n";
}

}  // namespace frontrunner
