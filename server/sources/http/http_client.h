#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "server/base/time.h"
#include "server/loop/event_loop.h"
#include "server/race/source.h"
#include "server/sources/http/http_settings.h"

// libcurl's; its header stays out of ours.
struct curl_slist;

namespace frontrunner {

struct HttpRequest {
  /// What came of a UrlTemplate.
  std::string url;
  bool post = false;
  /// Of a POST.
  std::string body;
  /// Of the answer, after decompression.
  size_t max_bytes = 0;
};

/// An answer that came whole.
struct HttpReply {
  int status = 0;
  /// Empty unless `status` is a success (HttpSettings::statuses): nobody takes
  /// an error's body for a value.
  std::string body;
  Duration age{0};
  std::optional<Duration> fresh_for;
  /// What Retry-After asks for; 0: nothing.
  Duration retry_after{0};
};

/// Or why none came: kUnavailable (not reached, connection lost, body cut
/// short), kResourceExhausted (too large, or refused by our own bound),
/// kInternal (damaged), kUnknown (too many redirects, or one that must not be
/// followed).
using HttpDone = absl::AnyInvocable<void(absl::StatusOr<HttpReply>) &&>;

class HttpTransfer;

/// libcurl's engine on one loop, for one source: connections are kept and
/// shared, names are looked up on threads of libcurl's, and HTTP/2 is spoken
/// where a server offers it over TLS. Nothing blocks the loop. Proxies, cookies
/// and .netrc are left alone whatever the environment says.
///
/// libcurl must not be told to drop a transfer from inside one of its own
/// callbacks. It never is: those only store bytes and note what to watch, and
/// outcomes are told when libcurl has returned.
class HttpClient : public std::enable_shared_from_this<HttpClient> {
 public:
  /// `loop` outlives it. kInvalidArgument names the field of `settings`.
  static absl::StatusOr<std::shared_ptr<HttpClient>> Make(
      EventLoop& loop, const HttpSettings& settings, bool https,
      std::string who);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Asks. Nothing is sent before the end of the loop's turn. `done` runs once,
  /// on the loop and never inside, unless the Attempt is destroyed first, which
  /// drops the transfer. The attempt keeps the client.
  [[nodiscard]] std::unique_ptr<Attempt> Start(HttpRequest request,
                                               HttpDone done);

  /// "host:port", which failures begin with.
  const std::string& who() const { return who_; }
  EventLoop& loop() { return loop_; }

 private:
  friend class HttpTransfer;
  struct Watch;
  struct Callbacks;

  HttpClient(EventLoop& loop, const HttpSettings& settings, bool https,
             std::string who);
  absl::Status MakeHeaders();

  /// By HttpTransfer; to and from libcurl. False: out of memory.
  bool Add(void* easy);
  void Remove(void* easy);
  /// Its outcome is told at the end of the turn.
  void FinishSoon(HttpTransfer& transfer);
  void Forget(HttpTransfer& transfer);

  void OnSocket(int fd, int ready);
  void OnTimer();
  /// Takes what libcurl has finished and tells the outcomes. `this` may be gone
  /// afterwards.
  void AfterAction();
  void TellOutcomes();

  EventLoop& loop_;
  const HttpSettings settings_;
  const bool https_;
  const std::string who_;
  const std::shared_ptr<HttpCounters> counters_;
  void* multi_ = nullptr;
  /// With the configured headers, and without for other hosts.
  curl_slist* own_headers_ = nullptr;
  curl_slist* other_headers_ = nullptr;
  size_t requests_ = 0;
  std::unique_ptr<Timer> timer_;
  std::unique_ptr<Timer> finish_timer_;
  /// Over, and not told yet.
  std::deque<HttpTransfer*> finished_;
};

}  // namespace frontrunner
