#include "tests/sources/memcached/cache_client.h"

#include <gtest/gtest.h>

#include <utility>

#include "server/race/race.h"
#include "server/wrappers/timeout.h"
#include "tests/fakes/fake_source.h"

namespace frontrunner {
namespace {

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

MemcachedSettings SettingsFor(const std::vector<std::string>& addresses) {
  MemcachedSettings settings;
  settings.name = "mc";
  for (const std::string& address : addresses) {
    auto parsed = ParseAddress(address, 11211);
    EXPECT_TRUE(parsed.ok()) << parsed.status();
    settings.servers.push_back(*parsed);
  }
  return settings;
}

}  // namespace

CacheClient::CacheClient(const std::vector<std::string>& addresses,
                         const std::function<void(MemcachedSettings&)>& tune,
                         std::shared_ptr<ConnectionCounters> counters)
    : CacheDriver([&](EventLoop& loop) {
        MemcachedSettings settings = SettingsFor(addresses);
        settings.connection.counters = counters;
        if (tune) tune(settings);
        return MakeMemcached(loop, std::move(settings));
      }),
      counters_(std::move(counters)) {}

std::string CacheClient::Race(std::string_view key, Duration timeout) {
  std::shared_ptr<Source> race;
  OnLoop([&] {
    std::vector<Entrant> entrants(2);
    entrants[0].source = WithTimeout(loop(), timeout, cache().find);
    entrants[0].is_cache = true;
    entrants[1].source = std::make_shared<Fallback>(loop());
    entrants[1].start.kind = StartRule::kOthersFail;
    race = std::make_shared<frontrunner::Race>(
        loop(), frontrunner::Race::Settings{.name = "race",
                                            .entrants = std::move(entrants)});
  });
  const Outcome outcome = Ask(*race, QueryFor(key));
  OnLoop([&] { race.reset(); });
  return Told(outcome);
}

}  // namespace frontrunner
