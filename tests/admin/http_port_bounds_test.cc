// What one connection, or many, may take of an HTTP port.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "server/admin/http_port.h"
#include "tests/admin/http_client.h"

namespace frontrunner {
namespace {

using std::chrono::milliseconds;

class HttpPortBounds : public testing::Test {
 protected:
  std::string Serve(Visitors::Settings visitors,
                    std::string listen = "127.0.0.1:0") {
    HttpPort::Pages pages;
    pages["/hello"] = [](const PageRequest&) {
      return PageReply{.body = "hello"};
    };
    pages["/large"] = [](const PageRequest&) {
      return PageReply{.body = std::string(32 << 20, 'x')};
    };
    HttpPort::Settings settings{.listen = std::move(listen),
                                .visitors = visitors,
                                .tick = milliseconds(10)};
    counters_ = settings.counters;
    port_ = std::make_unique<HttpPort>(std::move(settings), std::move(pages));
    const absl::Status status = port_->Start();
    EXPECT_TRUE(status.ok()) << status;
    return port_->address();
  }
  bool Eventually(const std::function<bool()>& holds) {
    for (int i = 0; i < 1000 && !holds(); ++i) {
      std::this_thread::sleep_for(milliseconds(10));
    }
    return holds();
  }

  std::shared_ptr<HttpPortCounters> counters_;
  std::unique_ptr<HttpPort> port_;
};

TEST_F(HttpPortBounds, WhoSendsAByteNowAndThenIsClosedAllTheSame) {
  HttpClient slow(Serve({.patience = milliseconds(300)}));
  const std::string request = "GET /hello HTTP/1.1\r\nHost: test\r\n";
  size_t sent = 0;
  while (counters_->late == 0 && sent < request.size()) {
    if (!slow.Send(request.substr(sent, 1))) break;
    ++sent;
    std::this_thread::sleep_for(milliseconds(50));
  }
  EXPECT_TRUE(slow.IsClosed());
  EXPECT_LT(sent, request.size());
  EXPECT_EQ(counters_->late, 1U);
  EXPECT_TRUE(Eventually([this] { return counters_->open == 0; }));
}

TEST_F(HttpPortBounds, WhoSendsNothingIsClosed) {
  HttpClient silent(Serve({.patience = milliseconds(100)}));
  EXPECT_TRUE(silent.IsClosed());
}

TEST_F(HttpPortBounds, WhoAsksNoMoreIsClosed) {
  HttpClient client(Serve({.patience = milliseconds(200)}));
  EXPECT_EQ(client.Ask("GET", "/hello").code, 200);
  EXPECT_TRUE(client.IsClosed());
  EXPECT_EQ(counters_->late, 1U);
}

TEST_F(HttpPortBounds, WhoDoesNotReadIsClosed) {
  HttpClient client(Serve({.patience = milliseconds(200)}));
  client.Send("GET /large HTTP/1.1\r\nHost: test\r\n\r\n");
  EXPECT_TRUE(Eventually([this] { return counters_->late == 1; }));
  EXPECT_TRUE(client.IsClosed());
  EXPECT_TRUE(Eventually([this] { return counters_->open == 0; }));
}

TEST_F(HttpPortBounds, WhoAsksFasterThanItIsAnsweredHasToWait) {
  const std::string path = testing::TempDir() + "pipelined.sock";
  HttpClient client(Serve({}, "unix:" + path));
  const std::string request = "GET /hello HTTP/1.1\r\n\r\n";
  std::string many;
  while (many.size() < 64 << 10) many += request;
  // What was taken and is not answered yet: the sockets' buffers, and a bound.
  constexpr size_t kMost = size_t{2} << 20;
  size_t sent = 0;
  while (counters_->requests < 5000) {
    sent += client.SendSome(std::string_view(many).substr(sent % many.size()));
    client.DropWhatCame();
    ASSERT_LT(sent, counters_->requests * request.size() + kMost);
  }
}

TEST_F(HttpPortBounds, EachWholeRequestGivesMoreTime) {
  HttpClient client(Serve({.patience = std::chrono::seconds(2)}));
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(client.Ask("GET", "/hello").code, 200);
    std::this_thread::sleep_for(milliseconds(250));
  }
  EXPECT_EQ(counters_->late, 0U);
  EXPECT_EQ(counters_->requests, 10U);
}

TEST_F(HttpPortBounds, AProbeGetsInAmong200SilentConnections) {
  const std::string address = Serve({.max = 256});
  std::vector<std::unique_ptr<HttpClient>> silent;
  for (int i = 0; i < 200; ++i) {
    silent.push_back(std::make_unique<HttpClient>(address));
  }
  EXPECT_EQ(Get(address, "/hello").code, 200);
  EXPECT_EQ(counters_->crowded_out, 0U);
  EXPECT_TRUE(Eventually([this] { return counters_->accepted == 201; }));
}

TEST_F(HttpPortBounds, WhereThereAreTooManyTheLongestSilentMakesRoom) {
  const std::string address = Serve({.max = 3});
  HttpClient first(address);
  EXPECT_EQ(first.Ask("GET", "/hello").code, 200);
  HttpClient second(address);
  EXPECT_EQ(second.Ask("GET", "/hello").code, 200);
  HttpClient third(address);
  EXPECT_EQ(third.Ask("GET", "/hello").code, 200);
  // It speaks again: the second is now the longest silent.
  EXPECT_EQ(first.Ask("GET", "/hello").code, 200);
  EXPECT_EQ(counters_->crowded_out, 0U);
  HttpClient fourth(address);
  EXPECT_EQ(fourth.Ask("GET", "/hello").code, 200);
  EXPECT_TRUE(second.IsClosed());
  EXPECT_EQ(first.Ask("GET", "/hello").code, 200);
  EXPECT_EQ(third.Ask("GET", "/hello").code, 200);
  EXPECT_EQ(counters_->crowded_out, 1U);
}

TEST_F(HttpPortBounds, AThousandConnectionsLeaveNothingBehind) {
  const std::string address = Serve({.max = 50});
  {
    std::vector<std::unique_ptr<HttpClient>> many;
    for (int i = 0; i < 500; ++i) {
      many.push_back(std::make_unique<HttpClient>(address));
    }
    EXPECT_EQ(Get(address, "/hello").code, 200);
    EXPECT_TRUE(Eventually([this] { return counters_->open <= 50; }));
  }
  for (int i = 0; i < 500; ++i) EXPECT_EQ(Get(address, "/hello").code, 200);
  EXPECT_TRUE(Eventually([this] { return counters_->open == 0; }));
  EXPECT_EQ(counters_->late, 0U);
}

TEST_F(HttpPortBounds, AHeadThatIsTooLargeIsRefused) {
  const std::string address = Serve({});
  {
    HttpClient client(address);
    client.Send("GET /hello HTTP/1.1\r\nX: " + std::string(20000, 'x') +
                "\r\n\r\n");
    EXPECT_TRUE(client.IsClosed());
  }
  {
    // One line without an end.
    HttpClient client(address);
    client.Send(std::string(20000, 'x'));
    EXPECT_TRUE(client.IsClosed());
  }
  EXPECT_EQ(Get(address, "/hello").code, 200);
}

TEST_F(HttpPortBounds, ABodyIsRefusedAndEndsTheConnection) {
  const std::string address = Serve({});
  for (const char* method : {"GET", "POST"}) {
    HttpClient client(address);
    client.Send(std::string(method) +
                " /hello HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\nabc");
    const int code = client.Read().code;
    EXPECT_EQ(code, std::string(method) == "GET" ? 400 : 405);
    EXPECT_TRUE(client.IsClosed());
  }
  HttpClient large(address);
  large.Send(
      "POST /hello HTTP/1.1\r\nHost: t\r\nContent-Length: 100000\r\n\r\nabc");
  EXPECT_EQ(large.Read().code, 413);
  EXPECT_TRUE(large.IsClosed());
}

TEST_F(HttpPortBounds, GarbageIsRefusedAndHarmsNobodyElse) {
  const std::string address = Serve({.patience = milliseconds(300)});
  const std::vector<std::string> garbage = {
      "\r\n\r\n",
      "GET\r\n\r\n",
      "GET /hello\r\n\r\n",
      "GET /hello HTTP/9.9\r\n\r\n",
      "GET /hello HTTP/1.1\r\nno colon\r\n\r\n",
      "GET /hello HTTP/1.1\r\n folded: first\r\n\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      std::string("GET /\0hello HTTP/1.1\r\n\r\n", 24),
      "\x16\x03\x01\x02\x01\x01",
      std::string(5000, '\xFF'),
      "POST /hello HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "POST /hello HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
      "POST /hello HTTP/1.1\r\nContent-Length: 9999999999999999999\r\n\r\n",
      "CONNECT a:1 HTTP/1.1\r\n\r\n",
      "GET http://[::1 HTTP/1.1\r\n\r\n",
  };
  for (const std::string& bytes : garbage) {
    HttpClient client(address);
    client.Send(bytes);
    EXPECT_TRUE(client.IsClosed()) << bytes;
    EXPECT_EQ(Get(address, "/hello").code, 200) << bytes;
  }
}

}  // namespace
}  // namespace frontrunner
