#pragma once

#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "frontrunner/config/v1/options.pb.h"
#include "google/protobuf/message.h"
#include "server/config/mistakes.h"
#include "server/config/scalar.h"
#include "yaml-cpp/yaml.h"

namespace frontrunner::config {

/// Reads YAML into a message by the message's descriptor and the options of its
/// fields (options.proto): types, required fields, defaults, ranges, forms,
/// names nobody knows and names given twice. It knows no field of its own.
///
/// yaml-cpp's exceptions pass through.
class Reader {
 public:
  /// Both outlive the reader.
  Reader(const Lines& lines, Findings& findings)
      : lines_(lines), findings_(findings) {}

  /// `message` is empty before; where there were mistakes it holds what could
  /// be read.
  void Read(const YAML::Node& root, google::protobuf::Message& message);

 private:
  using Field = google::protobuf::FieldDescriptor;
  using Message = google::protobuf::Message;

  /// One value, on its way from the file to the message.
  struct Value {
    const YAML::Node& node;
    const Path& path;
    Place place;
  };

  /// The names seen in one mapping.
  struct Seen {
    /// Of the mapping, or of a map's entries.
    const google::protobuf::Descriptor& type;
    absl::flat_hash_map<std::string, Place> names;
    /// What unknown names may have meant.
    absl::flat_hash_set<std::string> meant;
  };

  void ReadMessage(const Value& value, Message& message);
  void ReadMapping(const Value& value, Message& message);
  void ReadUnknown(const std::string& name, Place place, const Path& path,
                   Seen& seen);
  void ReadOneScalarMessage(const Value& value, Message& message);
  void ReadField(const Value& value, Slot slot);
  void ReadOne(const Value& value, Slot slot);
  void ReadList(const Value& value, Slot slot);
  void ReadNamed(const Value& value, Slot slot);
  void ReadScalar(const Value& value, Slot slot);

  /// What the file does not say: defaults, and what it has to.
  void Complete(const Path& path, Message& message, const Seen& seen);
  void CheckOneofs(const Path& path, const Message& message, const Seen& seen);
  void CheckDistinct(const Value& list, const v1::Rules& rules);
  /// How many `things` a list or mapping has.
  void CheckSize(const Value& value, const v1::Rules& rules,
                 std::string_view things);
  /// A map's key at `place`, of the map at `path`; false where it is wrong.
  bool CheckKey(const std::string& key, Place place, const Path& path,
                const Field& map);

  /// The name of a mapping's entry, with its place; false, and a mistake, where
  /// it is no name or not the first of its kind, with `any_case` in whatever
  /// case.
  bool TakeName(const YAML::Node& key, const Path& path, Seen& seen,
                std::string& name, Place& place, bool any_case = false);
  Place PlaceOf(const YAML::Node& node) const;
  /// Where to point at for a value: at the value if it is a text, else at its
  /// key.
  Place PlaceOf(const YAML::Node& node, Place key) const;
  void Locate(const Value& value);
  /// With `secret` the value is not shown, nor is one that may have a password
  /// in it.
  void Wrong(const Value& value, std::string_view allowed, bool secret);

  const Lines& lines_;
  Findings& findings_;
  // Inside a default, whose places are not places in the file.
  bool in_default_ = false;
};

}  // namespace frontrunner::config
