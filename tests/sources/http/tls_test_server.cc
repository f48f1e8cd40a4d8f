#include "tests/sources/http/tls_test_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstdlib>
#include <filesystem>
#include <string_view>

namespace frontrunner {
namespace {

/// Exactly `size` bytes, or fewer when there are no more.
std::string Read(SSL* connection, size_t size) {
  std::string bytes(size, '\0');
  size_t got = 0;
  while (got < size) {
    const int more =
        SSL_read(connection, bytes.data() + got, static_cast<int>(size - got));
    if (more <= 0) break;
    got += static_cast<size_t>(more);
  }
  bytes.resize(got);
  return bytes;
}

void Write(SSL* connection, std::string_view bytes) {
  EXPECT_GT(SSL_write(connection, bytes.data(), static_cast<int>(bytes.size())),
            0);
}

/// An HTTP/2 frame (RFC 9113, section 4.1).
std::string Frame(char type, char flags, char stream,
                  std::string_view payload) {
  std::string frame(9, '\0');
  frame[1] = static_cast<char>(payload.size() >> 8);
  frame[2] = static_cast<char>(payload.size());
  frame[3] = type;
  frame[4] = flags;
  frame[8] = stream;
  return frame.append(payload);
}

}  // namespace

TestCertificate::TestCertificate()
    : directory_((std::filesystem::temp_directory_path() /
                  "frontrunner-certificate-XXXXXX")
                     .string()) {
  EXPECT_NE(mkdtemp(directory_.data()), nullptr);
  const std::string command =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 "
      "-nodes -days 2 -subj /CN=127.0.0.1 -addext "
      "subjectAltName=IP:127.0.0.1 -keyout " +
      key() + " -out " + certificate() + " 2>/dev/null";
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
}

TestCertificate::~TestCertificate() {
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

TlsTestServer::TlsTestServer(const TestCertificate& certificate, bool http2,
                             Serve serve)
    : http2_(http2),
      serve_(std::move(serve)),
      context_(SSL_CTX_new(TLS_server_method()), SSL_CTX_free),
      listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  EXPECT_EQ(
      SSL_CTX_use_certificate_file(
          context_.get(), certificate.certificate().c_str(), SSL_FILETYPE_PEM),
      1);
  EXPECT_EQ(SSL_CTX_use_PrivateKey_file(
                context_.get(), certificate.key().c_str(), SSL_FILETYPE_PEM),
            1);
  SSL_CTX_set_alpn_select_cb(
      context_.get(),
      [](SSL*, const unsigned char** out, unsigned char* out_size,
         const unsigned char* in, unsigned in_size, void* self) {
        auto* server = static_cast<TlsTestServer*>(self);
        const std::string_view offered(reinterpret_cast<const char*>(in),
                                       in_size);
        const bool h2 = offered.find("\x02h2") != std::string_view::npos;
        if (h2) server->offered_http2_ = true;
        const std::string_view chosen =
            h2 && server->http2_ ? "h2" : "http/1.1";
        *out = reinterpret_cast<const unsigned char*>(chosen.data());
        *out_size = static_cast<unsigned char>(chosen.size());
        return SSL_TLSEXT_ERR_OK;
      },
      this);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(at);
  EXPECT_EQ(bind(listener_.get(), reinterpret_cast<sockaddr*>(&at), size), 0);
  EXPECT_EQ(listen(listener_.get(), 16), 0);
  EXPECT_EQ(
      getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&at), &size), 0);
  port_ = ntohs(at.sin_port);
  thread_ = std::thread([this] { Run(); });
}

TlsTestServer::~TlsTestServer() {
  stop_ = true;
  shutdown(listener_.get(), SHUT_RDWR);
  thread_.join();
}

std::string TlsTestServer::address() const {
  return "127.0.0.1:" + std::to_string(port_);
}

void TlsTestServer::Run() {
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  while (!stop_) {
    const TestSocket socket(
        accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (socket.get() < 0) continue;
    const timeval patience{5, 0};
    setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience,
               sizeof(patience));
    const std::unique_ptr<SSL, void (*)(SSL*)> connection(
        SSL_new(context_.get()), SSL_free);
    SSL_set_fd(connection.get(), socket.get());
    if (SSL_accept(connection.get()) == 1) serve_(connection.get());
  }
}

void ServeHttp1(SSL* connection, const std::string& value) {
  std::string request;
  while (request.find("\r\n\r\n") == std::string::npos) {
    const std::string more = Read(connection, 1);
    if (more.empty()) return;
    request += more;
  }
  Write(connection, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " +
                        std::to_string(value.size()) + "\r\n\r\n" + value);
}

void ServeHttp2(SSL* connection, const std::string& value) {
  constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  if (Read(connection, kPreface.size()) != kPreface) return;
  Write(connection, Frame(4, 0, 0, ""));  // our SETTINGS
  for (;;) {
    const std::string head = Read(connection, 9);
    if (head.size() < 9) return;
    const size_t size = static_cast<unsigned char>(head[1]) * 256U +
                        static_cast<unsigned char>(head[2]);
    Read(connection, size);
    if (head[3] == 4 && head[4] == 0) {
      Write(connection, Frame(4, 1, 0, ""));  // their SETTINGS are heard
    }
    if (head[3] == 1) {  // HEADERS: a GET has nothing behind it
      // 0x88 is ":status: 200" in HPACK's static table.
      Write(connection,
            Frame(1, 4, head[8], "\x88") + Frame(0, 1, head[8], value));
    }
  }
}

}  // namespace frontrunner
