#include "server/tables/freshness.h"

#include <algorithm>

namespace frontrunner {

TimePoint After(TimePoint now, Duration by) {
  return by < kNever - now ? now + by : kNever;
}

void SayHowLongFresh(Value& value, const TableSettings& settings) {
  if (!value.fresh_for && settings.write_back) {
    value.fresh_for = settings.write_back->ttl;
  }
}

std::optional<Duration> TtlFor(const Value& value,
                               const TableSettings::WriteBack& write_back,
                               Random& random) {
  if (value.stale) return std::nullopt;
  const Duration whole = value.fresh_for.value_or(write_back.ttl);
  const double part = std::clamp(write_back.jitter, 0.0, 1.0) * random.Unit();
  const auto cut =
      static_cast<Duration::rep>(static_cast<double>(whole.count()) * part);
  const Duration ttl = whole - Duration(cut);
  if (ttl <= Duration::zero()) return std::nullopt;
  return ttl;
}

Value ValueOf(const ToStore& put, WallTime now) {
  Value value;
  value.bytes = put.bytes;
  // The wall clock may have jumped back since.
  value.age = std::max(Duration::zero(), now - put.produced);
  value.fresh_for = put.ttl;
  return value;
}

}  // namespace frontrunner
