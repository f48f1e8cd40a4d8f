// https, and HTTP/2 over it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <string>

#include "tests/sources/http/http_rig.h"
#include "tests/sources/http/tls_test_server.h"

namespace frontrunner {
namespace {

using ::testing::HasSubstr;

class HttpTls : public ::testing::Test {
 protected:
  HttpSettings Trusting(const std::string& url) {
    HttpSettings settings = HttpSettingsFor(url);
    settings.ca_file = certificate_.certificate();
    return settings;
  }

  TestCertificate certificate_;
};

TEST_F(HttpTls, ACertificateThatNobodyVouchesForIsRefused) {
  int served = 0;
  TlsTestServer server(certificate_, false, [&](SSL*) { ++served; });
  const Outcome outcome = HttpRig(HttpSettingsFor(server.url())).Ask("k");
  EXPECT_EQ(Told(outcome), "UNAVAILABLE");
  EXPECT_THAT(std::string(outcome.status().message()),
              HasSubstr("certificate"));
}

TEST_F(HttpTls, ACertificateOfTheCaFileIsAccepted) {
  TlsTestServer server(certificate_, false, [](SSL* connection) {
    ServeHttp1(connection, "by TLS");
  });
  EXPECT_EQ(Told(HttpRig(Trusting(server.url())).Ask("k")), "found by TLS");
}

TEST_F(HttpTls, ACertificateForAnotherNameIsRefused) {
  TlsTestServer server(certificate_, false, [](SSL* connection) {
    ServeHttp1(connection, "by TLS");
  });
  // It is for 127.0.0.1.
  const std::string port = server.address().substr(10);
  const Outcome outcome =
      HttpRig(Trusting("https://localhost:" + port + "/")).Ask("k");
  EXPECT_EQ(Told(outcome), "UNAVAILABLE");
  EXPECT_THAT(std::string(outcome.status().message()),
              HasSubstr("certificate"));
}

TEST_F(HttpTls, Http2IsSpokenWhereItIsOffered) {
  TlsTestServer server(certificate_, true, [](SSL* connection) {
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(connection, &chosen, &size);
    ASSERT_EQ(std::string(reinterpret_cast<const char*>(chosen), size), "h2");
    ServeHttp2(connection, "by HTTP/2");
  });
  HttpRig rig(Trusting(server.url()));
  EXPECT_EQ(Told(rig.Ask("k")), "found by HTTP/2");
  // On the same connection: the server has no other.
  for (const Outcome& outcome : rig.driver().FindAll({"a", "b", "c"})) {
    EXPECT_EQ(Told(outcome), "found by HTTP/2");
  }
  EXPECT_TRUE(server.offered_http2());
}

TEST_F(HttpTls, ARedirectDoesNotLeaveTls) {
  HttpTestServer plain(
      [](const HttpTestRequest&) { return WithStatus(200, "v"); });
  TlsTestServer server(certificate_, false, [&](SSL* connection) {
    char request[4096];
    SSL_read(connection, request, sizeof(request));
    const std::string reply =
        "HTTP/1.1 302 Found\r\nLocation: " + plain.url("/") +
        "\r\nContent-Length: 0\r\n\r\n";
    SSL_write(connection, reply.data(), static_cast<int>(reply.size()));
  });
  EXPECT_EQ(Told(HttpRig(Trusting(server.url())).Ask("k")), "UNKNOWN");
  EXPECT_EQ(plain.requests().size(), 0);
}

TEST_F(HttpTls, PlainHttpOnATlsPortIsAFailure) {
  ScriptedServer plain([](Conversation& conversation) {
    conversation.ReadSome();
    conversation.Send("HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  EXPECT_EQ(
      Told(HttpRig(Trusting("https://" + plain.address() + "/")).Ask("k")),
      "UNAVAILABLE");
}

}  // namespace
}  // namespace frontrunner
