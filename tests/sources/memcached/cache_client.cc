#include "tests/sources/memcached/cache_client.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>
#include <utility>

#include "server/base/status.h"
#include "server/race/race.h"
#include "server/tables/key_hash.h"
#include "server/wrappers/timeout.h"
#include "tests/fakes/fake_source.h"

namespace frontrunner {
namespace {

constexpr std::chrono::seconds kPatience(10);

/// Answers in the next turn.
class Fallback final : public Source {
 public:
  explicit Fallback(Loop& loop) : loop_(loop) {}
  std::string_view name() const override { return "fallback"; }
  std::unique_ptr<Attempt> Start(const Query& /*query*/, Done done) override {
    struct Answering : Attempt {
      std::unique_ptr<Timer> timer;
    };
    auto attempt = std::make_unique<Answering>();
    attempt->timer = loop_.At(loop_.Now(), [done = std::move(done)]() mutable {
      std::move(done)(TextValue("fallback"));
    });
    return attempt;
  }

 private:
  Loop& loop_;
};

}  // namespace

CacheClient::CacheClient(const std::vector<std::string>& addresses,
                         const std::function<void(MemcachedSettings&)>& tune)
    : loop_({.name = "test"}) {
  MemcachedSettings settings;
  settings.name = "mc";
  for (const std::string& address : addresses) {
    auto parsed = ParseAddress(address, 11211);
    EXPECT_TRUE(parsed.ok()) << parsed.status();
    settings.servers.push_back(*parsed);
  }
  settings.connection.counters = counters_;
  if (tune) tune(settings);
  loop_.Start();
  OnLoop([&] { cache_ = MakeMemcached(loop_, std::move(settings)); });
}

CacheClient::~CacheClient() {
  OnLoop([&] { cache_ = {}; });
  loop_.Stop();
  loop_.Join();
}

Query CacheClient::QueryFor(std::string_view key) {
  auto call = std::make_shared<CallContext>();
  call->table = "t";
  call->version = 1;
  call->key = key;
  call->hash = KeyHash("t", key);
  return {.call = std::move(call)};
}

Query CacheClient::StoreQueryFor(std::string_view key, std::string_view value,
                                 std::optional<Duration> ttl) {
  Query query = QueryFor(key);
  query.to_store = std::make_shared<ToStore>(
      ToStore{.bytes = MakeBytes(std::string(value)),
              .produced = std::chrono::system_clock::now(),
              .ttl = ttl});
  return query;
}

Outcome CacheClient::Ask(Source& source, const Query& query) {
  std::promise<Outcome> answer;
  std::unique_ptr<Attempt> attempt;
  OnLoop([&] {
    attempt = source.Start(query, [&answer](Outcome outcome) {
      answer.set_value(std::move(outcome));
    });
  });
  auto future = answer.get_future();
  const bool answered = future.wait_for(kPatience) == std::future_status::ready;
  OnLoop([&] { attempt.reset(); });
  EXPECT_TRUE(answered) << "no answer";
  return answered ? future.get() : absl::UnknownError("no answer");
}

Outcome CacheClient::Find(std::string_view key) {
  return Ask(*cache_.find, QueryFor(key));
}

Outcome CacheClient::Store(std::string_view key, std::string_view value,
                           std::optional<Duration> ttl) {
  return Ask(*cache_.store, StoreQueryFor(key, value, ttl));
}

Outcome CacheClient::Erase(std::string_view key) {
  return Ask(*cache_.erase, QueryFor(key));
}

std::vector<Outcome> CacheClient::FindAll(
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

std::string CacheClient::Race(std::string_view key, Duration timeout) {
  std::shared_ptr<Source> race;
  OnLoop([&] {
    std::vector<Entrant> entrants(2);
    entrants[0].source = WithTimeout(loop_, timeout, cache_.find);
    entrants[0].is_cache = true;
    entrants[1].source = std::make_shared<Fallback>(loop_);
    entrants[1].start.kind = StartRule::kOthersFail;
    race = std::make_shared<frontrunner::Race>(
        loop_, frontrunner::Race::Settings{.name = "race",
                                           .entrants = std::move(entrants)});
  });
  const Outcome outcome = Ask(*race, QueryFor(key));
  OnLoop([&] { race.reset(); });
  return Told(outcome);
}

void CacheClient::OnLoop(const std::function<void()>& work) {
  ASSERT_TRUE(loop_.RunAndWait([&work] { work(); }));
}

bool CacheClient::Eventually(const std::function<bool()>& holds) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  bool held = false;
  for (;;) {
    OnLoop([&] { held = holds(); });
    if (held || std::chrono::steady_clock::now() >= until) return held;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

bool CacheClient::EventuallyIs(Connectivity connectivity) {
  return Eventually(
      [&] { return cache_.find->connectivity() == connectivity; });
}

std::string Told(const Outcome& outcome) {
  return outcome.ok() ? "found " + *outcome->bytes
                      : std::string(CodeName(outcome.status().code()));
}

}  // namespace frontrunner
