#include "server/base/status.h"

#include <array>
#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace frontrunner {
namespace {

constexpr char kAttemptsUrl[] = "frontrunner/attempts";
constexpr char kRefusalUrl[] = "frontrunner/refusal";
constexpr char kPushbackUrl[] = "frontrunner/pushback";

constexpr std::array<std::string_view, 17> kCodeNames = {
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
};

}  // namespace

absl::Status WithAttempts(absl::Status status, int attempts) {
  status.SetPayload(kAttemptsUrl, absl::Cord(absl::StrCat(attempts)));
  return status;
}

int AttemptsOf(const absl::Status& status) {
  int attempts = 1;
  if (auto payload = status.GetPayload(kAttemptsUrl)) {
    if (!absl::SimpleAtoi(std::string(*payload), &attempts)) return 1;
  }
  return attempts;
}

absl::Status WithRefusal(absl::Status status, Refusal refusal) {
  status.SetPayload(
      kRefusalUrl,
      absl::Cord(refusal == Refusal::kOverloaded ? "overloaded" : "draining"));
  return status;
}

std::optional<Refusal> RefusalOf(const absl::Status& status) {
  auto payload = status.GetPayload(kRefusalUrl);
  if (!payload) return std::nullopt;
  return *payload == "overloaded" ? Refusal::kOverloaded : Refusal::kDraining;
}

absl::Status WithPushback(absl::Status status, Duration pushback) {
  status.SetPayload(kPushbackUrl, absl::Cord(absl::StrCat(pushback.count())));
  return status;
}

std::optional<Duration> PushbackOf(const absl::Status& status) {
  int64_t nanoseconds = 0;
  const auto payload = status.GetPayload(kPushbackUrl);
  if (!payload || !absl::SimpleAtoi(std::string(*payload), &nanoseconds)) {
    return std::nullopt;
  }
  return Duration(nanoseconds);
}

std::string_view CodeName(absl::StatusCode code) {
  const auto index = static_cast<size_t>(code);
  return index < kCodeNames.size() ? kCodeNames[index] : "UNKNOWN";
}

std::optional<absl::StatusCode> CodeFromName(std::string_view name) {
  for (size_t i = 0; i < kCodeNames.size(); ++i) {
    if (kCodeNames[i] == name) return static_cast<absl::StatusCode>(i);
  }
  return std::nullopt;
}

}  // namespace frontrunner
