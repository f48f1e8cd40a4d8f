#include "tests/fakes/servers/cache_driver.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <thread>
#include <utility>

#include "server/base/status.h"
#include "server/tables/key_hash.h"

namespace frontrunner {
namespace {

constexpr std::chrono::seconds kPatience(10);

}  // namespace

CacheDriver::CacheDriver(const Make& make) : loop_({.name = "test"}) {
  loop_.Start();
  OnLoop([&] { cache_ = make(loop_); });
}

CacheDriver::~CacheDriver() {
  OnLoop([&] { cache_ = {}; });
  loop_.Stop();
  loop_.Join();
}

Query CacheDriver::QueryFor(std::string_view key) {
  auto call = std::make_shared<CallContext>();
  call->table = "t";
  call->version = 1;
  call->key = key;
  call->hash = KeyHash("t", key);
  return {.call = std::move(call)};
}

Query CacheDriver::StoreQueryFor(std::string_view key, std::string_view value,
                                 std::optional<Duration> ttl) {
  Query query = QueryFor(key);
  query.to_store = std::make_shared<ToStore>(
      ToStore{.bytes = MakeBytes(std::string(value)),
              .produced = std::chrono::system_clock::now(),
              .ttl = ttl});
  return query;
}

Outcome CacheDriver::Ask(Source& source, const Query& query) {
  auto answer = std::make_shared<std::promise<Outcome>>();
  auto future = answer->get_future();
  std::unique_ptr<Attempt> attempt;
  OnLoop([&] {
    attempt = source.Start(query, [answer](Outcome outcome) {
      answer->set_value(std::move(outcome));
    });
  });
  const bool answered = future.wait_for(kPatience) == std::future_status::ready;
  OnLoop([&] { attempt.reset(); });
  EXPECT_TRUE(answered) << "no answer";
  return answered ? future.get() : absl::UnknownError("no answer");
}

Outcome CacheDriver::Find(std::string_view key) {
  return Ask(*cache_.find, QueryFor(key));
}

Outcome CacheDriver::Store(std::string_view key, std::string_view value,
                           std::optional<Duration> ttl) {
  return Ask(*cache_.store, StoreQueryFor(key, value, ttl));
}

Outcome CacheDriver::Erase(std::string_view key) {
  return Ask(*cache_.erase, QueryFor(key));
}

std::vector<Outcome> CacheDriver::FindAll(
    const std::vector<std::string>& keys) {
  std::vector<Outcome> outcomes(keys.size(), absl::UnknownError("no answer"));
  std::vector<std::unique_ptr<Attempt>> attempts(keys.size());
  size_t answered = 0;
  OnLoop([&] {
    for (size_t i = 0; i < keys.size(); ++i) {
      attempts[i] =
          cache_.find->Start(QueryFor(keys[i]), [&, i](Outcome outcome) {
            outcomes[i] = std::move(outcome);
            ++answered;
          });
    }
  });
  EXPECT_TRUE(Eventually([&] { return answered == keys.size(); }));
  OnLoop([&] { attempts.clear(); });
  return outcomes;
}

void CacheDriver::OnLoop(const std::function<void()>& work) {
  ASSERT_TRUE(loop_.RunAndWait([&work] { work(); }));
}

bool CacheDriver::Eventually(const std::function<bool()>& holds) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  bool held = false;
  for (;;) {
    OnLoop([&] { held = holds(); });
    if (held || std::chrono::steady_clock::now() >= until) return held;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

bool CacheDriver::EventuallyIs(Connectivity connectivity) {
  return Eventually(
      [&] { return cache_.find->connectivity() == connectivity; });
}

std::string Told(const Outcome& outcome) {
  return outcome.ok() ? "found " + *outcome->bytes
                      : std::string(CodeName(outcome.status().code()));
}

}  // namespace frontrunner
