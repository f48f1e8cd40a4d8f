#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "server/sources/http/http_source.h"
#include "tests/fakes/servers/cache_driver.h"
#include "tests/sources/http/http_test_server.h"

namespace frontrunner {

/// An http source on a loop of its own, asked from a test's thread.
class HttpRig {
 public:
  explicit HttpRig(HttpSettings settings)
      : counters_(std::make_shared<HttpCounters>()),
        driver_([&](EventLoop& loop) {
          settings.counters = counters_;
          auto source = MakeHttpSource(loop, settings);
          EXPECT_TRUE(source.ok()) << source.status();
          return Cache{.find = source.ok() ? *source : nullptr};
        }) {}

  Outcome Ask(std::string_view key) { return driver_.Find(key); }
  Source& source() { return *driver_.cache().find; }
  CacheDriver& driver() { return driver_; }
  HttpCounters& counters() { return *counters_; }

 private:
  const std::shared_ptr<HttpCounters> counters_;
  CacheDriver driver_;
};

/// For a plain GET of `url`.
inline HttpSettings HttpSettingsFor(std::string url) {
  HttpSettings settings;
  settings.name = "http";
  settings.url = std::move(url);
  return settings;
}

}  // namespace frontrunner
