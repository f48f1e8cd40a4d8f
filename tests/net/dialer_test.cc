#include "server/net/dialer.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstring>
#include <future>
#include <string>

#include "server/net/resolver.h"
#include "tests/fakes/servers/scripted_server.h"

namespace frontrunner {
namespace {

SocketAddress Loopback(uint16_t port) {
  SocketAddress address;
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(port);
  in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::memcpy(&address.storage, &in, sizeof(in));
  address.size = sizeof(in);
  return address;
}

/// Dials and waits: "connected", or why not.
std::string Dial(std::vector<SocketAddress> addresses, size_t first = 0) {
  EventLoop loop({});
  loop.Start();
  std::promise<std::string> result;
  std::unique_ptr<Dialer> dialer;
  loop.RunAndWait([&] {
    dialer = std::make_unique<Dialer>(
        loop, std::move(addresses), first,
        [&](absl::StatusOr<std::unique_ptr<ByteStream>> stream) {
          dialer.reset();
          result.set_value(stream.ok()
                               ? "connected"
                               : std::string(stream.status().message()));
        });
  });
  std::string told = result.get_future().get();
  loop.RunAndWait([&] { dialer.reset(); });
  return told;
}

void Hold(Conversation& peer) { peer.Hold(); }

TEST(Dialer, Connects) {
  ScriptedServer server(Hold);
  EXPECT_EQ(Dial({Loopback(server.port())}), "connected");
}

TEST(Dialer, SaysWhyItCanNot) {
  EXPECT_EQ(Dial({Loopback(FreePort())}), "Connection refused");
  EXPECT_EQ(Dial({}), "it has no address");
}

TEST(Dialer, TriesTheNextAddress) {
  ScriptedServer server(Hold);
  EXPECT_EQ(Dial({Loopback(FreePort()), Loopback(server.port())}), "connected");
}

TEST(Dialer, BeginsWithTheAddressItIsTold) {
  ScriptedServer server(Hold);
  Blackhole hole;
  EXPECT_EQ(Dial({Loopback(hole.port()), Loopback(server.port())}, 3),
            "connected");
}

TEST(Dialer, DestroyedItGivesUp) {
  Blackhole hole;
  EventLoop loop({});
  loop.Start();
  loop.RunAndWait([&] {
    Dialer dialer(loop, {Loopback(hole.port())}, 0, [](auto) { FAIL(); });
  });
  loop.RunAndWait([] {});
}

TEST(Resolver, FindsAName) {
  EventLoop loop({});
  loop.Start();
  Resolver resolver(loop, {.host = "localhost", .port = 80});
  std::promise<size_t> found;
  loop.RunAndWait([&] {
    resolver.Resolve([&](absl::StatusOr<std::vector<SocketAddress>> addresses) {
      found.set_value(addresses.ok() ? addresses->size() : 0);
    });
  });
  EXPECT_GE(found.get_future().get(), 1u);
}

TEST(Resolver, AskedAgainItAnswersOnlyTheLast) {
  EventLoop loop({});
  loop.Start();
  Resolver resolver(loop, {.host = "localhost", .port = 80});
  std::promise<void> found;
  loop.RunAndWait([&] {
    resolver.Resolve([](auto) { FAIL() << "it had been asked again"; });
    resolver.Cancel();
    resolver.Resolve([&](auto) { found.set_value(); });
  });
  found.get_future().wait();
}

TEST(Resolver, DestroyedItGivesUp) {
  EventLoop loop({});
  loop.Start();
  for (const char* host : {"localhost", "127.0.0.1"}) {
    loop.RunAndWait([&] {
      Resolver resolver(loop, {.host = host, .port = 80});
      resolver.Resolve([](auto) { FAIL(); });
    });
  }
  loop.RunAndWait([] {});
}

}  // namespace
}  // namespace frontrunner
