#include "server/notify/service_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/notify/notify_socket.h"

namespace frontrunner {
namespace {

using std::chrono::microseconds;
using ::testing::HasSubstr;

class FromEnvironment : public ::testing::Test {
 protected:
  FromEnvironment() { Clear(); }
  ~FromEnvironment() override { Clear(); }

  static void Clear() {
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
  }
};

TEST_F(FromEnvironment, NothingSetIsNobody) {
  const auto settings = ServiceManager::FromEnvironment(7);
  EXPECT_EQ(settings.socket, "");
  EXPECT_EQ(settings.watchdog, std::nullopt);
}

TEST_F(FromEnvironment, SocketAndWatchdogAreTaken) {
  setenv("NOTIFY_SOCKET", "/run/notify", 1);
  setenv("WATCHDOG_USEC", "1500", 1);
  const auto settings = ServiceManager::FromEnvironment(7);
  EXPECT_EQ(settings.socket, "/run/notify");
  EXPECT_EQ(settings.watchdog, microseconds(1500));
}

TEST_F(FromEnvironment, AWatchdogIsForTheProcessItNames) {
  setenv("WATCHDOG_USEC", "1500", 1);
  setenv("WATCHDOG_PID", "7", 1);
  EXPECT_EQ(ServiceManager::FromEnvironment(7).watchdog, microseconds(1500));
  EXPECT_EQ(ServiceManager::FromEnvironment(8).watchdog, std::nullopt);
}

TEST_F(FromEnvironment, AWatchdogThatIsNoNumberIsNone) {
  for (const char* text :
       {"", "0", "-1", "x", "10s", "9223372036854775807", "1e9"}) {
    setenv("WATCHDOG_USEC", text, 1);
    EXPECT_EQ(ServiceManager::FromEnvironment(7).watchdog, std::nullopt)
        << text;
  }
}

TEST(ServiceManager, NobodyIsToldWithoutASocket) {
  EXPECT_TRUE(ServiceManager({}).Tell("READY=1").ok());
}

TEST(ServiceManager, APathIsTold) {
  NotifySocket socket(absl::StrCat("/tmp/notify-test-", getpid()));
  const ServiceManager manager({.socket = socket.name(), .watchdog = {}});
  EXPECT_TRUE(manager.Tell("READY=1\nSTATUS=fine").ok());
  EXPECT_EQ(socket.Next(), "READY=1\nSTATUS=fine");
  EXPECT_EQ(socket.Next(), "");
}

TEST(ServiceManager, AnAbstractNameIsTold) {
  NotifySocket socket(absl::StrCat("@notify-test-", getpid()));
  const ServiceManager manager({.socket = socket.name(), .watchdog = {}});
  EXPECT_TRUE(manager.Tell("WATCHDOG=1").ok());
  EXPECT_EQ(socket.Next(), "WATCHDOG=1");
}

TEST(ServiceManager, ASocketThatIsNotThereIsAnErrorThatNamesIt) {
  const ServiceManager manager({.socket = "/nowhere/notify", .watchdog = {}});
  const absl::Status told = manager.Tell("READY=1");
  EXPECT_EQ(told.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(told.message()),
              HasSubstr("/nowhere/notify can't be told: No such file"));
}

TEST(ServiceManager, WhatIsNoAddressOfASocketIsAnError) {
  for (const std::string& name :
       {std::string("vsock:2:1234"), "/" + std::string(107, 'x'),
        "@" + std::string(108, 'x')}) {
    EXPECT_THAT(std::string(ServiceManager({.socket = name, .watchdog = {}})
                                .Tell("READY=1")
                                .message()),
                HasSubstr("too long"));
  }
}

}  // namespace
}  // namespace frontrunner
