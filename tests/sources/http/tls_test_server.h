#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "tests/fakes/servers/scripted_server.h"

struct ssl_ctx_st;
struct ssl_st;

namespace frontrunner {

/// A self-signed certificate for 127.0.0.1 and its key, in files that go with
/// it.
class TestCertificate {
 public:
  TestCertificate();
  ~TestCertificate();
  TestCertificate(const TestCertificate&) = delete;
  TestCertificate& operator=(const TestCertificate&) = delete;
  std::string certificate() const { return directory_ + "/cert.pem"; }
  std::string key() const { return directory_ + "/key.pem"; }

 private:
  std::string directory_;
};

/// A TLS server on a free loopback port that serves one connection after the
/// other. It picks "h2" where that is offered and it is told to, else
/// "http/1.1".
class TlsTestServer {
 public:
  /// Called with each connection that has shaken hands.
  using Serve = std::function<void(ssl_st* connection)>;

  TlsTestServer(const TestCertificate& certificate, bool http2, Serve serve);
  ~TlsTestServer();

  std::string address() const;
  std::string url() const { return "https://" + address() + "/k"; }
  /// Whether any client offered HTTP/2.
  bool offered_http2() const { return offered_http2_; }

 private:
  void Run();

  const bool http2_;
  const Serve serve_;
  std::unique_ptr<ssl_ctx_st, void (*)(ssl_ctx_st*)> context_;
  TestSocket listener_;
  uint16_t port_ = 0;
  std::atomic<bool> stop_{false};
  std::atomic<bool> offered_http2_{false};
  std::thread thread_;
};

/// Reads one request and answers it with `value`.
void ServeHttp1(ssl_st* connection, const std::string& value);
void ServeHttp2(ssl_st* connection, const std::string& value);

}  // namespace frontrunner
