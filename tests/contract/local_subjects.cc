#include <memory>
#include <utility>

#include "server/race/race.h"
#include "server/sources/computation/computation_source.h"
#include "server/sources/memory/memory_source.h"
#include "server/tables/key_hash.h"
#include "server/wrappers/guarded.h"
#include "server/wrappers/limit.h"
#include "server/wrappers/max_value.h"
#include "server/wrappers/measured.h"
#include "server/wrappers/ready.h"
#include "server/wrappers/retry.h"
#include "server/wrappers/retry_budget.h"
#include "server/wrappers/timeout.h"
#include "tests/contract/subject.h"

namespace frontrunner {
namespace {

Outcome ComputePresent(const CallContext& call, const std::stop_token&) {
  if (call.key != kPresentKey) return absl::NotFoundError("not its kind");
  Value value;
  value.bytes = MakeBytes(std::string(kPresentValue));
  return value;
}

Subject MakeMemory(EventLoop& loop) {
  const auto store =
      std::make_shared<MemoryStore>(loop, MemoryStore::Settings{});
  store->Put(*ContractQuery(kPresentKey).call,
             {MakeBytes(std::string(kPresentValue)), loop.WallNow(), {}});
  return {MakeMemoryCache(loop, store, "memory").find, {}};
}

Subject MakeComputation(EventLoop& loop) {
  const auto pool = ComputationPool::Create(ComputePresent, {.threads = 2});
  return {MakeComputationSource(loop, *pool, "computed"), {*pool}};
}

/// A case that wraps the computation, which answers from another thread.
SubjectCase Wrapper(
    std::string name,
    std::function<std::shared_ptr<Source>(EventLoop&, std::shared_ptr<Source>)>
        wrap) {
  return {std::move(name), [wrap = std::move(wrap)](EventLoop& loop) {
            Subject subject = MakeComputation(loop);
            subject.source = wrap(loop, subject.source);
            return subject;
          }};
}

}  // namespace

Query ContractQuery(std::string_view key) {
  auto call = std::make_shared<CallContext>();
  call->table = "t";
  call->version = 1;
  call->key = std::string(key);
  call->hash = KeyHash(call->table, call->key);
  Query query;
  query.call = std::move(call);
  return query;
}

std::vector<SubjectCase> LocalSubjects() {
  return {
      {"Memory", MakeMemory},
      {"Computation", MakeComputation},
      Wrapper("Timeout",
              [](EventLoop& loop, auto inner) {
                return WithTimeout(loop, std::chrono::hours(1), inner);
              }),
      Wrapper("Measured",
              [](EventLoop& loop, auto inner) {
                return WithMeasure(loop, std::make_shared<SourceStats>(),
                                   inner);
              }),
      Wrapper("Guard", [](EventLoop& loop,
                          auto inner) { return WithGuard(loop, inner); }),
      Wrapper("MaxValue",
              [](EventLoop&, auto inner) { return WithMaxValue(100, inner); }),
      Wrapper("Ready", [](EventLoop& loop,
                          auto inner) { return WithReady(loop, 100, inner); }),
      Wrapper("Limit",
              [](EventLoop& loop, auto inner) {
                return WithLimit(
                    loop,
                    std::make_shared<DispatchQueue>(
                        loop,
                        DispatchQueue::Settings{.name = "q", .width = 100}),
                    inner);
              }),
      Wrapper("LimitToOne",
              [](EventLoop& loop, auto inner) {
                return WithLimit(
                    loop,
                    std::make_shared<DispatchQueue>(
                        loop, DispatchQueue::Settings{.name = "q", .width = 1}),
                    inner);
              }),
      Wrapper("Retry",
              [](EventLoop& loop, auto inner) {
                RetrySettings settings;
                settings.schedule.initial = std::chrono::microseconds(10);
                settings.at_most[absl::StatusCode::kNotFound] = 1;
                return WithRetry(loop, settings,
                                 std::make_shared<RetryBudget>(
                                     RetryBudget::Settings{.at_least = 100}),
                                 1, inner);
              }),
      Wrapper("RetryAfterADelay",
              [](EventLoop& loop, auto inner) {
                RetrySettings settings;
                settings.backoff = {std::chrono::microseconds(10)};
                return WithRetry(loop, settings, nullptr, 1, inner);
              }),
      Wrapper("Race",
              [](EventLoop& loop, auto inner) {
                return std::make_shared<Race>(
                    loop,
                    Race::Settings{"race",
                                   {{MakeMemory(loop).source, {}, {}, true},
                                    {inner, {}, {}, false}}});
              }),
      Wrapper("RaceOfRaces",
              [](EventLoop& loop, auto inner) {
                const auto race = std::make_shared<Race>(
                    loop, Race::Settings{"inner", {{inner, {}, {}, false}}});
                return std::make_shared<Race>(
                    loop,
                    Race::Settings{
                        "outer",
                        {{race, {}, {}, false},
                         {inner, {StartRule::kOthersFail, {}}, {}, false}}});
              }),
  };
}

}  // namespace frontrunner
