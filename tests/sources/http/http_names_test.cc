// Names that are slow to resolve, or don't. This program has a getaddrinfo of
// its own, which libcurl calls on its threads.

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <netdb.h>

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>

#include "tests/sources/http/http_rig.h"

namespace {

std::mutex mutex;
std::condition_variable changed;
int waiting = 0;    // guarded by mutex
bool open = false;  // as above: names resolve

}  // namespace

extern "C" int getaddrinfo(const char* node, const char* service,
                           const addrinfo* hints, addrinfo** result) {
  using Real = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const Real real =
      reinterpret_cast<Real>(dlsym(RTLD_NEXT, "getaddrinfo"));
  if (node != nullptr && std::strcmp(node, "unknown.test") == 0) {
    return EAI_NONAME;
  }
  if (node != nullptr && std::strcmp(node, "slow.test") == 0) {
    std::unique_lock lock(mutex);
    ++waiting;
    changed.notify_all();
    changed.wait(lock, [] { return open; });
    --waiting;
    changed.notify_all();
    return real("127.0.0.1", service, hints, result);
  }
  return real(node, service, hints, result);
}

namespace frontrunner {
namespace {

class HttpNames : public ::testing::Test {
 protected:
  void TearDown() override {
    Let(true);
    std::unique_lock lock(mutex);
    changed.wait(lock, [] { return waiting == 0; });
    open = false;
  }
  static void Let(bool resolve) {
    const std::lock_guard lock(mutex);
    open = resolve;
    changed.notify_all();
  }
  static void WaitUntilOneWaits() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [] { return waiting > 0; });
  }

  HttpTestServer server_{
      [](const HttpTestRequest&) { return WithStatus(200, "v"); }};
  HttpSettings settings_ =
      HttpSettingsFor("http://slow.test:" + server_.address().substr(10) + "/");
};

TEST_F(HttpNames, Fault42_ANameThatDoesNotResolveIsAFailure) {
  EXPECT_EQ(
      Told(HttpRig(HttpSettingsFor("http://unknown.test/{key}")).Ask("k")),
      "UNAVAILABLE");
}

TEST_F(HttpNames, Fault42_ASlowLookUpDoesNotHoldUpTheLoop) {
  HttpRig rig(settings_);
  std::unique_ptr<Attempt> attempt;
  std::atomic<bool> found = false;
  rig.driver().OnLoop([&] {
    attempt = rig.source().Start(
        CacheDriver::QueryFor("k"),
        [&](Outcome outcome) { found = Told(outcome) == "found v"; });
  });
  WaitUntilOneWaits();
  // The loop runs on.
  rig.driver().OnLoop([&] { EXPECT_FALSE(found); });
  Let(true);
  EXPECT_TRUE(rig.driver().Eventually([&] { return found.load(); }));
  rig.driver().OnLoop([&] { attempt = nullptr; });
}

TEST_F(HttpNames, Fault42_DroppingASlowLookUpDoesNotWaitForIt) {
  HttpRig rig(settings_);
  std::unique_ptr<Attempt> attempt;
  rig.driver().OnLoop([&] {
    attempt = rig.source().Start(CacheDriver::QueryFor("k"),
                                 [](Outcome) { FAIL() << "told"; });
  });
  WaitUntilOneWaits();
  // It would wait for ever: only TearDown lets the name be found.
  rig.driver().OnLoop([&] { attempt = nullptr; });
  rig.driver().OnLoop([&] { rig.driver().cache().find = nullptr; });
}

}  // namespace
}  // namespace frontrunner
