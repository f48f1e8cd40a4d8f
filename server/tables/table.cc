#include "server/tables/table.h"

#include <utility>

#include "server/tables/freshness.h"

namespace frontrunner {

std::optional<Table::Found> Table::Peek(const CallContext& call) const {
  for (const Parts::Peekable& peekable : parts_.peekable) {
    std::optional<Value> value = peekable.source->Peek(call);
    if (!value) continue;
    parts_.counters->peek_hits.fetch_add(1, std::memory_order_relaxed);
    SayHowLongFresh(*value, settings());
    return Found{std::move(*value), peekable.entrant};
  }
  return std::nullopt;
}

}  // namespace frontrunner
