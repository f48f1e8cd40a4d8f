#include "server/admin/http_port.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/admin/http_client.h"

namespace frontrunner {
namespace {

using testing::HasSubstr;
using testing::Not;

/// A port with a few pages.
class HttpPortTest : public testing::Test {
 protected:
  std::string Serve(const std::string& listen = "127.0.0.1:0") {
    HttpPort::Pages pages;
    pages["/hello"] = [](const PageRequest& request) {
      PageReply reply{.body = "hello"};
      for (const auto& [name, value] : request.parameters) {
        absl::StrAppend(&reply.body, " ", name, "=", value);
      }
      return reply;
    };
    pages["/sad"] = [](const PageRequest&) {
      return PageReply{.code = 503, .body = "sad\n"};
    };
    pages["/thrower"] = [](const PageRequest&) -> PageReply {
      throw std::runtime_error("no");
    };
    pages["/large"] = [](const PageRequest&) {
      return PageReply{.body = std::string(3 << 20, 'x')};
    };
    port_ = std::make_unique<HttpPort>(HttpPort::Settings{.listen = listen},
                                       std::move(pages));
    const absl::Status status = port_->Start();
    EXPECT_TRUE(status.ok()) << status;
    return port_->address();
  }

  std::unique_ptr<HttpPort> port_;
};

TEST_F(HttpPortTest, AGetIsAnsweredByItsPage) {
  const HttpAnswer answer = Get(Serve(), "/hello");
  EXPECT_EQ(answer.code, 200);
  EXPECT_EQ(answer.body, "hello");
  EXPECT_EQ(answer.headers.at("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(answer.headers.at("cache-control"), "no-store");
  EXPECT_EQ(answer.headers.at("x-content-type-options"), "nosniff");
}

TEST_F(HttpPortTest, NothingSaysWhatServesIt) {
  EXPECT_EQ(Get(Serve(), "/hello").headers.count("server"), 0U);
}

TEST_F(HttpPortTest, APageSaysItsOwnCode) {
  const HttpAnswer answer = Get(Serve(), "/sad");
  EXPECT_EQ(answer.code, 503);
  EXPECT_EQ(answer.body, "sad\n");
}

TEST_F(HttpPortTest, ParametersComeDecodedAndInOrder) {
  const std::string address = Serve();
  EXPECT_EQ(Get(address, "/hello?b=1&a=%41%20b").body, "hello b=1 a=A b");
  EXPECT_EQ(Get(address, "/hello?").body, "hello");
}

TEST_F(HttpPortTest, ParametersThatAreNoneAreA400) {
  EXPECT_EQ(Get(Serve(), "/hello?a").code, 400);
}

TEST_F(HttpPortTest, AHeadHasTheHeadersAndNoBody) {
  HttpClient client(Serve());
  const HttpAnswer head = client.Ask("HEAD", "/hello");
  EXPECT_EQ(head.code, 200);
  EXPECT_EQ(head.headers.at("content-length"), "5");
  // What follows is the next answer, not a body.
  EXPECT_EQ(client.Ask("GET", "/sad").code, 503);
}

TEST_F(HttpPortTest, OtherMethodsAreA405WithThoseAllowed) {
  const std::string address = Serve();
  for (const char* method :
       {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW", "get"}) {
    HttpClient client(address);
    const HttpAnswer answer = client.Ask(method, "/hello");
    EXPECT_EQ(answer.code, 405) << method;
    EXPECT_EQ(answer.headers.at("allow"), "GET, HEAD") << method;
  }
}

TEST_F(HttpPortTest, AConnectIsRefusedWithAnAnswerThatEnds) {
  HttpClient client(Serve());
  const HttpAnswer answer = client.Ask("CONNECT", "t:443");
  EXPECT_EQ(answer.code, 405);
  EXPECT_EQ(answer.body, "GET and HEAD only\n");
  EXPECT_EQ(client.Ask("GET", "/hello").body, "hello");
}

TEST_F(HttpPortTest, AnUnknownPathIsA404WithTheList) {
  const std::string address = Serve();
  for (const char* path :
       {"/", "/helloo", "/hello/", "/HELLO", "/../hello", "/%68ello", "*"}) {
    const HttpAnswer answer = Get(address, path);
    EXPECT_EQ(answer.code, 404) << path;
    EXPECT_EQ(answer.body,
              "not here; there are:\n/hello\n/large\n/sad\n/thrower\n");
  }
}

TEST_F(HttpPortTest, APageThatThrowsIsA500) {
  const std::string address = Serve();
  EXPECT_EQ(Get(address, "/thrower").code, 500);
  EXPECT_EQ(Get(address, "/hello").code, 200);
}

TEST_F(HttpPortTest, AConnectionIsKeptForMoreRequests) {
  HttpClient client(Serve());
  EXPECT_EQ(client.Ask("GET", "/hello").body, "hello");
  EXPECT_EQ(client.Ask("GET", "/hello").body, "hello");
  // Sent together.
  client.Send(
      "GET /hello HTTP/1.1\r\nHost: t\r\n\r\n"
      "GET /sad HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_EQ(client.Read().body, "hello");
  EXPECT_EQ(client.Read().body, "sad\n");
}

TEST_F(HttpPortTest, AConnectionIsClosedWhereItIsWished) {
  HttpClient client(Serve());
  EXPECT_EQ(client.Ask("GET", "/hello", "Connection: close\r\n").code, 200);
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(HttpPortTest, Http10IsAnsweredAndClosed) {
  HttpClient client(Serve());
  client.Send("GET /hello HTTP/1.0\r\n\r\n");
  EXPECT_EQ(client.Read().code, 200);
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(HttpPortTest, ALargePageComesWhole) {
  EXPECT_EQ(Get(Serve(), "/large").body.size(), size_t{3} << 20);
}

TEST_F(HttpPortTest, AUnixSocketIsServedAndItsFileRemoved) {
  const std::string path =
      absl::StrCat(testing::TempDir(), "/http-port-", ::getpid(), ".sock");
  const std::string address = Serve("unix:" + path);
  EXPECT_EQ(address, "unix:" + path);
  EXPECT_EQ(Get(address, "/hello").body, "hello");
  EXPECT_EQ(::access(path.c_str(), F_OK), 0);
  port_ = nullptr;
  EXPECT_NE(::access(path.c_str(), F_OK), 0);
}

TEST_F(HttpPortTest, ANameIsServedOnItsAddresses) {
  const std::string address = Serve("localhost:0");
  EXPECT_THAT(address, HasSubstr("localhost:"));
  EXPECT_THAT(address, Not(HasSubstr(":0")));
  EXPECT_EQ(Get(address, "/hello").body, "hello");
}

TEST_F(HttpPortTest, ATakenPortIsAClearError) {
  const std::string address = Serve();
  HttpPort second(HttpPort::Settings{.listen = address}, {});
  const absl::Status status = second.Start();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(status.message(),
            "cannot listen on " + address + ": Address already in use");
}

TEST_F(HttpPortTest, AUnixSocketThatIsServedIsNotTaken) {
  const std::string path =
      absl::StrCat(testing::TempDir(), "/http-taken-", ::getpid(), ".sock");
  const std::string address = Serve("unix:" + path);
  HttpPort second(HttpPort::Settings{.listen = address}, {});
  EXPECT_THAT(std::string(second.Start().message()),
              HasSubstr("somebody is already listening"));
  EXPECT_EQ(Get(address, "/hello").body, "hello");
}

}  // namespace
}  // namespace frontrunner
