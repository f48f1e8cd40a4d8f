#include "tests/fuzz/fuzz_envelope.h"

#include <chrono>
#include <string>

#include "server/sources/envelope/envelope.h"
#include "tests/fuzz/fuzz_check.h"

namespace frontrunner {
namespace {

constexpr WallTime kNow{std::chrono::hours(24 * 365 * 56)};

void DecodeAsItIs(const CallContext& call, std::string_view input) {
  const auto value = DecodeEnvelope(call, input, kNow);
  if (!value.ok()) {
    FuzzCheck(value.status().code() == absl::StatusCode::kNotFound,
              "what is not ours is a miss");
    return;
  }
  FuzzCheck(*value->bytes == input.substr(kEnvelopeOverhead),
            "the bytes are those behind the header");
  FuzzCheck(value->age >= Duration(0), "the age is not negative");
  FuzzCheck(value->fresh_for.value_or(Duration(1)) > Duration(0),
            "what is found has not expired");
}

}  // namespace

void FuzzEnvelope(std::string_view input) {
  CallContext call;
  call.table = "t";
  call.key = "k";
  DecodeAsItIs(call, input);

  if (input.size() < 2) {
    return;
  }
  const auto where = static_cast<unsigned char>(input[0]);
  const char damage = input[1];
  input.remove_prefix(2);
  std::string stored = EncodeEnvelope(
      call, {MakeBytes(std::string(input)), kNow, std::nullopt}, kNow);
  stored[where % stored.size()] ^= damage;
  const auto value = DecodeEnvelope(call, stored, kNow);
  FuzzCheck(value.ok() == (damage == 0), "damage is seen");
  FuzzCheck(!value.ok() || *value->bytes == input, "the bytes come back");
}

}  // namespace frontrunner
