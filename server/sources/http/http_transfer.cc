#include "server/sources/http/http_transfer.h"

#include <curl/curl.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/base/strings.h"
#include "server/sources/http/freshness_headers.h"
#include "server/sources/http/http_origin.h"
#include "server/sources/http/http_status.h"

namespace frontrunner {
namespace {

/// So much of an error's body is read and dropped, which is cheaper than
/// another connection.
constexpr size_t kMostDropped = 64 << 10;

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 ||
         status == 308;
}

/// Calls `each` with the values of all headers of that name.
template <class Each>
void ForEachHeader(CURL* easy, const char* name, const Each& each) {
  curl_header* header = nullptr;
  for (size_t i = 0;
       curl_easy_header(easy, name, i, CURLH_HEADER, -1, &header) == CURLHE_OK;
       ++i) {
    each(std::string_view(header->value));
  }
}

}  // namespace

/// libcurl's, which may do nothing but keep bytes.
struct HttpTransfer::Callbacks {
  static size_t OnBody(char* bytes, size_t size, size_t count, void* self) {
    auto* transfer = static_cast<HttpTransfer*>(self);
    return transfer->OnBody({bytes, size * count}) ? size * count
                                                   : CURL_WRITEFUNC_ERROR;
  }
  static size_t OnHeader(char* bytes, size_t size, size_t count, void* self) {
    auto* transfer = static_cast<HttpTransfer*>(self);
    return transfer->OnHeader({bytes, size * count}) ? size * count
                                                     : CURL_WRITEFUNC_ERROR;
  }
};

HttpTransfer::HttpTransfer(std::shared_ptr<HttpClient> client,
                           HttpRequest request, HttpDone done)
    : client_(std::move(client)),
      request_(std::move(request)),
      done_(std::move(done)) {}

HttpTransfer::~HttpTransfer() {
  if (done_) {
    client_->counters_->cancelled.fetch_add(1, std::memory_order_relaxed);
    client_->Forget(*this);
  }
  if (in_engine_) client_->Remove(easy_);
  if (easy_ != nullptr) curl_easy_cleanup(easy_);
  if (counted_) --client_->requests_;
}

void HttpTransfer::Begin() {
  if (client_->requests_ >= client_->settings_.max_requests) {
    client_->counters_->refused.fetch_add(1, std::memory_order_relaxed);
    return Refuse(WithRefusal(absl::ResourceExhaustedError(absl::StrCat(
                                  client_->who(), ": ", client_->requests_,
                                  " requests are under way")),
                              Refusal::kOverloaded));
  }
  counted_ = true;
  ++client_->requests_;
  if (SetUp()) in_engine_ = client_->Add(easy_);
  if (!in_engine_) Refuse(absl::ResourceExhaustedError("no memory to ask"));
}

void HttpTransfer::Refuse(absl::Status status) {
  outcome_ = std::move(status);
  client_->FinishSoon(*this);
}

bool HttpTransfer::SetUp() {
  CURL* easy = easy_ = curl_easy_init();
  if (easy == nullptr) return false;
  const HttpSettings& settings = client_->settings_;
  curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, Callbacks::OnBody);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, Callbacks::OnHeader);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  // Dropping a transfer whose name is being looked up must not wait for the
  // resolver: its thread is left to end by itself.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "frontrunner");
  // Offered, but unpacked by ourselves: see Gunzip.
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
  curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
  // We follow redirects ourselves: libcurl would send our headers on to whoever
  // it is sent to.
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR,
                   client_->https_ ? "https" : "http,https");
  // Paths are asked for as they are configured.
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(
      easy, CURLOPT_CONNECTTIMEOUT_MS,
      static_cast<long>(std::chrono::duration_cast<std::chrono::milliseconds>(
                            settings.connect_timeout)
                            .count()));
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
  // A file alone, without a directory, is read and parsed once, not for every
  // connection.
  curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  if (!settings.ca_file.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, settings.ca_file.c_str());
  }
  if (request_.post) {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request_.body.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request_.body.size()));
  }
  SetTarget(request_.url, /*own_host=*/true);
  return true;
}

void HttpTransfer::SetTarget(const std::string& url, bool own_host) {
  curl_easy_setopt(easy_, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER,
                   own_host ? client_->own_headers_ : client_->other_headers_);
}

int HttpTransfer::StatusCode() const {
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  return static_cast<int>(status);
}

bool HttpTransfer::OnHeader(std::string_view line) {
  // Others would be unpacked by libcurl without a bound on memory.
  constexpr absl::string_view kName = "transfer-encoding:";
  if (!absl::StartsWithIgnoreCase(Absl(line), kName)) return true;
  const absl::string_view coding =
      absl::StripAsciiWhitespace(Absl(line).substr(kName.size()));
  if (absl::EqualsIgnoreCase(coding, "chunked") ||
      absl::EqualsIgnoreCase(coding, "identity")) {
    return true;
  }
  broken_off_ =
      absl::InternalError("its body is in an encoding that was not offered");
  return false;
}

absl::Status HttpTransfer::BeginBody() {
  absl::Status known;
  ForEachHeader(easy_, "Content-Encoding", [&](std::string_view coding) {
    if (absl::EqualsIgnoreCase(Absl(coding), "identity")) return;
    // One layer of it.
    if (!gunzip_ && (absl::EqualsIgnoreCase(Absl(coding), "gzip") ||
                     absl::EqualsIgnoreCase(Absl(coding), "x-gzip"))) {
      gunzip_.emplace(request_.max_bytes);
    } else {
      known = absl::InternalError(
          "its body is in an encoding that was not offered");
    }
  });
  return known;
}

bool HttpTransfer::OnBody(std::string_view piece) {
  if (!IsSuccess(StatusCode(), client_->settings_.statuses)) {
    dropped_ += piece.size();
    dropped_too_much_ = dropped_ > kMostDropped;
    return !dropped_too_much_;
  }
  if (!body_began_) {
    body_began_ = true;
    broken_off_ = BeginBody();
    if (!broken_off_.ok()) return false;
  }
  if (gunzip_) {
    broken_off_ = gunzip_->Append(piece, body_);
  } else if (piece.size() > request_.max_bytes - body_.size()) {
    broken_off_ = absl::ResourceExhaustedError(
        absl::StrCat("its body is larger than ", request_.max_bytes, " bytes"));
  } else {
    body_.append(piece);
  }
  return broken_off_.ok();
}

absl::Status HttpTransfer::FailureOf(int result) const {
  const std::string& who = client_->who();
  if (!broken_off_.ok()) {
    return absl::Status(broken_off_.code(),
                        absl::StrCat(who, ": ", broken_off_.message()));
  }
  if (result == CURLE_PARTIAL_FILE || result == CURLE_GOT_NOTHING) {
    return absl::UnavailableError(
        absl::StrCat(who, ": its answer was cut short"));
  }
  // It is the one reason that is left: schemes are checked before.
  if (result == CURLE_UNSUPPORTED_PROTOCOL) {
    return absl::UnavailableError(
        absl::StrCat(who, ": its answer is not HTTP"));
  }
  // Its general words: those of the error buffer may hold a URL.
  return absl::UnavailableError(absl::StrCat(
      who, ": ", curl_easy_strerror(static_cast<CURLcode>(result))));
}

bool HttpTransfer::Ended(int result) {
  client_->Remove(easy_);
  in_engine_ = false;
  const int status = StatusCode();
  // An error whose body we had enough of is that error.
  if (result != CURLE_OK && !(dropped_too_much_ && broken_off_.ok())) {
    outcome_ = FailureOf(result);
  } else if (IsRedirect(status) && Redirected(status)) {
    return false;
  } else if (gunzip_ && !gunzip_->complete()) {
    outcome_ = absl::UnavailableError(
        absl::StrCat(client_->who(), ": its answer was cut short"));
  }
  if (!outcome_) outcome_ = ReplyNow();
  // Back to libcurl with what it holds, before the outcome is told.
  curl_easy_cleanup(easy_);
  easy_ = nullptr;
  --client_->requests_;
  counted_ = false;
  return true;
}

HttpReply HttpTransfer::ReplyNow() {
  HttpReply reply;
  reply.status = StatusCode();
  reply.body = std::move(body_);
  FreshnessHeaders freshness;
  ForEachHeader(easy_, "Cache-Control", [&](std::string_view value) {
    freshness.AddCacheControl(value);
  });
  ForEachHeader(easy_, "Age",
                [&](std::string_view value) { freshness.AddAge(value); });
  reply.age = freshness.age();
  reply.fresh_for = freshness.fresh_for();
  curl_off_t seconds = 0;
  curl_easy_getinfo(easy_, CURLINFO_RETRY_AFTER, &seconds);
  // An hour is long enough for anyone.
  reply.retry_after =
      std::chrono::seconds(std::clamp<curl_off_t>(seconds, 0, 3600));
  return reply;
}

bool HttpTransfer::Redirected(int status) {
  char* location = nullptr;
  curl_easy_getinfo(easy_, CURLINFO_REDIRECT_URL, &location);
  if (location == nullptr) return false;
  const auto refuse = [&](auto... why) {
    outcome_ = absl::UnknownError(
        absl::StrCat(client_->who(), ": HTTP ", status, why...));
    return false;
  };
  if (redirects_ >= client_->settings_.max_redirects) {
    return refuse(", more than ", redirects_, " redirects");
  }
  const std::string target = location;
  const std::optional<std::string> origin = OriginOf(target);
  const bool https = origin && absl::StartsWith(*origin, "https://");
  if (!origin || (client_->https_ && !https)) {
    return refuse(" to where it must not lead");
  }
  // As everybody does: only 307 and 308 repeat a POST.
  const bool repeats = request_.post && (status == 307 || status == 308);
  const bool own_host = *origin == OriginOf(request_.url);
  // It may hold a secret, as headers may.
  if (repeats && !own_host) return refuse(" to where its body must not go");
  ++redirects_;
  client_->counters_->redirects.fetch_add(1, std::memory_order_relaxed);
  if (request_.post && !repeats) {
    request_.post = false;
    curl_easy_setopt(easy_, CURLOPT_HTTPGET, 1L);
  }
  SetTarget(target, own_host);
  dropped_ = 0;
  dropped_too_much_ = false;
  in_engine_ = client_->Add(easy_);
  if (!in_engine_) return refuse(", and no memory to follow");
  return true;
}

void HttpTransfer::Tell() {
  HttpDone done = std::move(done_);
  done_ = nullptr;
  std::move(done)(*std::move(outcome_));
}

}  // namespace frontrunner
