#include "server/config/address.h"

#include <gtest/gtest.h>

#include <string>

namespace frontrunner::config {
namespace {

TEST(ParseAddress, TakesHostAndPort) {
  const auto address = ParseAddress("cache-1.example.org:6379");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->host, "cache-1.example.org");
  EXPECT_EQ(address->port, 6379);
  EXPECT_EQ(address->path, "");
}

TEST(ParseAddress, TakesIpv6InBrackets) {
  const auto address = ParseAddress("[::1]:7979");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->host, "::1");
  EXPECT_EQ(address->port, 7979);
}

TEST(ParseAddress, TakesAUnixSocket) {
  const auto address = ParseAddress("unix:/run/frontrunner.sock");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->host, "");
  EXPECT_EQ(address->path, "/run/frontrunner.sock");
}

TEST(ParseAddress, RefusesAnythingElse) {
  for (const char* text :
       {"", "host", "host:", ":80", "host:65536", "host:-1", "host:http",
        "::1:80", "[::1]", "[::1]80", "[host]:80", "[]:80", "1.2.3:80",
        "1.2.3.256:80", "ho st:80", "host/x:80", "unix:", "unix:/",
        "unix:relative"}) {
    EXPECT_FALSE(ParseAddress(text)) << text;
  }
}

TEST(ParseAddress, RefusesAPathThatNoSocketCanHave) {
  EXPECT_TRUE(ParseAddress("unix:/" + std::string(106, 'a')));
  EXPECT_FALSE(ParseAddress("unix:/" + std::string(107, 'a')));
}

TEST(IsLocal, IsTrueOfLoopbackAndUnixSockets) {
  for (const char* text :
       {"127.0.0.1:1", "127.8.9.10:1", "[::1]:1", "[::ffff:127.0.0.1]:1",
        "localhost:1", "LOCALHOST:1", "unix:/tmp/s"}) {
    EXPECT_TRUE(IsLocal(*ParseAddress(text))) << text;
  }
}

TEST(IsLocal, IsFalseOfEverythingElse) {
  for (const char* text : {"0.0.0.0:1", "128.0.0.1:1", "10.0.0.1:1", "[::]:1",
                           "[::ffff:10.0.0.1]:1", "[fe80::1]:1", "host:1",
                           "localhost.example.org:1"}) {
    EXPECT_FALSE(IsLocal(*ParseAddress(text))) << text;
  }
}

TEST(IsGrpcTarget, TakesAddressesAndGrpcSchemes) {
  for (const char* text :
       {"names:50051", "127.0.0.1:1", "[::1]:1", "dns:///names:50051",
        "dns://8.8.8.8/names", "ipv4:1.2.3.4:5,1.2.3.5:5", "ipv6:[::1]:1",
        "unix:/run/names.sock", "unix:relative", "unix-abstract:names"}) {
    EXPECT_TRUE(IsGrpcTarget(text)) << text;
  }
}

TEST(IsGrpcTarget, RefusesAnythingElse) {
  for (const char* text : {"", "names", "names:0", "http://names:80",
                           "dns:", "dns:///na mes", "dns:///n\xC3\xA4mes"}) {
    EXPECT_FALSE(IsGrpcTarget(text)) << text;
  }
}

}  // namespace
}  // namespace frontrunner::config
