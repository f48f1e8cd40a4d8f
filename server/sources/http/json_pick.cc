#include "server/sources/http/json_pick.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/base/strings.h"

namespace frontrunner {
namespace {

using Json = nlohmann::json;
using Kind = JsonValue::Kind;

/// Hears the parser's events, keeps track of where in the text it is, and
/// writes down again what is wanted. Each function returns whether to go on.
class Picker final : public nlohmann::json_sax<Json> {
 public:
  /// Called with each value that was wanted when it is complete.
  using Picked = absl::FunctionRef<bool(JsonValue)>;

  /// What is wanted: the value at `pointer`.
  Picker(const JsonPointer& pointer, Picked picked)
      : pointer_(&pointer), picked_(picked) {}
  /// What is wanted: each element of an array.
  explicit Picker(Picked picked) : picked_(picked) {}

  bool null() override { return Scalar(Kind::kNull, "null"); }
  bool boolean(bool value) override {
    return Scalar(Kind::kBoolean, value ? "true" : "false");
  }
  bool number_integer(int64_t value) override {
    return Scalar(Kind::kNumber, absl::StrCat(value));
  }
  bool number_unsigned(uint64_t value) override {
    return Scalar(Kind::kNumber, absl::StrCat(value));
  }
  bool number_float(double /*value*/, const std::string& text) override {
    return Scalar(Kind::kNumber, text);
  }
  bool string(std::string& text) override {
    if (!Begin(Kind::kString)) return false;
    // What was asked for is given as it is; what is inside of it, as JSON.
    if (writing_ && depth() == wanted_depth_) {
      value_.text = std::move(text);
    } else if (writing_) {
      AppendJsonString(value_.text, text);
    }
    return End();
  }
  bool binary(Json::binary_t& /*value*/) override { return false; }

  bool start_object(size_t /*elements*/) override {
    return Open(Kind::kObject);
  }
  bool key(std::string& name) override {
    Level& level = levels_.back();
    level.at_wanted = level.wanted && StepAt(depth() - 1) != nullptr &&
                      StepAt(depth() - 1)->name == name;
    // The value that an earlier member of this name led to does not count.
    if (level.at_wanted) overruled_ = true;
    if (writing_) {
      if (level.next++ > 0) value_.text.push_back(',');
      AppendJsonString(value_.text, name);
      value_.text.push_back(':');
    }
    return true;
  }
  bool end_object() override { return Close('}'); }
  bool start_array(size_t /*elements*/) override { return Open(Kind::kArray); }
  bool end_array() override { return Close(']'); }

  bool parse_error(size_t position, const std::string& /*token*/,
                   const Json::exception& /*why*/) override {
    error_ = absl::StrCat("its body is not JSON (at byte ", position, ")");
    return false;
  }

  /// Why the parser stopped, where it was not told to.
  const std::string& error() const { return error_; }
  /// Whether what was told last has been overruled since.
  bool overruled() const { return overruled_; }

 private:
  /// An array or object that is open.
  struct Level {
    bool array = false;
    /// On the way to what is wanted.
    bool wanted = false;
    /// Its current member or element is.
    bool at_wanted = false;
    /// Elements, or members written down, so far.
    size_t next = 0;
  };

  size_t depth() const { return levels_.size(); }

  const JsonPointer::Step* StepAt(size_t depth) const {
    return pointer_ != nullptr && depth < pointer_->steps().size()
               ? &pointer_->steps()[depth]
               : nullptr;
  }

  /// A value begins. False: the text is not what it should be.
  bool Begin(Kind kind) {
    bool wanted = true;
    if (levels_.empty()) {
      if (pointer_ == nullptr && kind != Kind::kArray) {
        error_ = "not an array";
        return false;
      }
    } else {
      Level& level = levels_.back();
      if (level.array) {
        if (writing_ && level.next > 0) value_.text.push_back(',');
        const JsonPointer::Step* step = StepAt(depth() - 1);
        level.at_wanted = level.wanted &&
                          (pointer_ == nullptr
                               ? depth() == 1
                               : step != nullptr && step->index == level.next);
        ++level.next;
      }
      wanted = level.at_wanted;
    }
    wanted_ = wanted;
    const size_t target = pointer_ == nullptr ? 1 : pointer_->steps().size();
    if (!writing_ && wanted && depth() == target) {
      writing_ = true;
      wanted_depth_ = depth();
      value_ = {.kind = kind, .text = {}};
    }
    return true;
  }

  /// A value has ended.
  bool End() {
    if (!writing_ || depth() != wanted_depth_) return true;
    writing_ = false;
    overruled_ = false;
    return picked_(std::move(value_));
  }

  bool Scalar(Kind kind, std::string_view text) {
    if (!Begin(kind)) return false;
    if (writing_) value_.text.append(text);
    return End();
  }

  bool Open(Kind kind) {
    if (!Begin(kind)) return false;
    if (depth() == kMaxJsonDepth) {
      error_ = "its body is JSON nested too deep";
      return false;
    }
    const bool array = kind == Kind::kArray;
    if (writing_) value_.text.push_back(array ? '[' : '{');
    levels_.push_back({.array = array, .wanted = wanted_});
    return true;
  }

  bool Close(char end) {
    levels_.pop_back();
    if (writing_) value_.text.push_back(end);
    return End();
  }

  /// Null: the elements are wanted.
  const JsonPointer* const pointer_ = nullptr;
  const Picked picked_;
  std::vector<Level> levels_;
  /// Of the value that began last.
  bool wanted_ = false;
  /// Inside of a value that is to be told, which is at `wanted_depth_`.
  bool writing_ = false;
  size_t wanted_depth_ = 0;
  JsonValue value_;
  bool overruled_ = false;
  std::string error_;
};

/// kInternal if the text is not as it should be.
absl::Status Run(std::string_view text, Picker& picker) {
  try {
    Json::sax_parse(text.begin(), text.end(), &picker);
  } catch (const Json::exception&) {
    return absl::InternalError("its body is not JSON");
  }
  if (!picker.error().empty()) return absl::InternalError(picker.error());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::optional<JsonValue>> PickJson(std::string_view text,
                                                  const JsonPointer& pointer) {
  std::optional<JsonValue> found;
  // Named, since a FunctionRef does not keep it.
  const auto keep = [&found](JsonValue value) {
    found = std::move(value);
    return true;
  };
  Picker picker(pointer, keep);
  const absl::Status status = Run(text, picker);
  if (!status.ok()) return status;
  if (picker.overruled()) found = std::nullopt;
  return found;
}

absl::Status ForEachJsonElement(
    std::string_view text, absl::FunctionRef<bool(std::string_view)> element) {
  std::string quoted;
  const auto tell = [&](const JsonValue& value) {
    if (value.kind != Kind::kString) return element(value.text);
    quoted.clear();
    AppendJsonString(quoted, value.text);
    return element(quoted);
  };
  Picker picker(tell);
  return Run(text, picker);
}

void AppendJsonString(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (byte < 0x20) {
      out.append("\\u00");
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 15]);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

}  // namespace frontrunner
