#include "server/sources/http/http_client.h"

#include <curl/curl.h>
#include <event2/event.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/net/event_handle.h"
#include "server/sources/http/http_transfer.h"

namespace frontrunner {
namespace {

/// What HTTP itself has to say.
bool IsReserved(std::string_view name) {
  for (const char* reserved :
       {"host", "content-length", "connection", "transfer-encoding"}) {
    if (absl::EqualsIgnoreCase(absl::string_view(name.data(), name.size()),
                               reserved)) {
      return true;
    }
  }
  return false;
}

bool IsHeaderName(std::string_view name) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           kOthers.find(c) != std::string_view::npos;
  });
}

bool IsHeaderValue(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) {
    return c == '\t' || (static_cast<unsigned char>(c) >= ' ' && c != '\x7f');
  });
}

bool Append(curl_slist*& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list, line.c_str());
  if (longer == nullptr) return false;
  list = longer;
  return true;
}

}  // namespace

/// A socket that libcurl wants to be told about.
struct HttpClient::Watch {
  HttpClient* client;
  EventHandle event;
};

struct HttpClient::Callbacks {
  static int OnSocketWanted(CURL* /*easy*/, curl_socket_t fd, int what,
                            void* self, void* watch) {
    auto* client = static_cast<HttpClient*>(self);
    auto* known = static_cast<Watch*>(watch);
    if (what == CURL_POLL_REMOVE) {
      delete known;
      curl_multi_assign(client->multi_, fd, nullptr);
      return 0;
    }
    if (known == nullptr) {
      known = new Watch{client, nullptr};
      curl_multi_assign(client->multi_, fd, known);
    }
    const int events = ((what & CURL_POLL_IN) != 0 ? EV_READ : 0) |
                       ((what & CURL_POLL_OUT) != 0 ? EV_WRITE : 0);
    // The old one first: libevent has one set of events per descriptor.
    known->event = nullptr;
    known->event.reset(event_new(client->loop_.base(), fd,
                                 static_cast<short>(events | EV_PERSIST),
                                 OnReady, client));
    // -1 fails the transfers, which is better than to forget them.
    return known->event != nullptr &&
                   event_add(known->event.get(), nullptr) == 0
               ? 0
               : -1;
  }

  static void OnReady(evutil_socket_t fd, short ready, void* self) {
    static_cast<HttpClient*>(self)->OnSocket(
        fd, ((ready & EV_READ) != 0 ? CURL_CSELECT_IN : 0) |
                ((ready & EV_WRITE) != 0 ? CURL_CSELECT_OUT : 0));
  }

  static int OnTimerWanted(CURLM* /*multi*/, long milliseconds, void* self) {
    auto* client = static_cast<HttpClient*>(self);
    client->timer_ = nullptr;
    if (milliseconds < 0) return 0;
    // Zero too waits for the timers of this turn: libcurl must not be entered
    // from here.
    client->timer_ = client->loop_.At(
        client->loop_.Now() + std::chrono::milliseconds(milliseconds),
        [client] { client->OnTimer(); });
    return 0;
  }
};

HttpClient::HttpClient(EventLoop& loop, const HttpSettings& settings,
                       bool https, std::string who)
    : loop_(loop),
      settings_(settings),
      https_(https),
      who_(std::move(who)),
      counters_(settings.counters ? settings.counters
                                  : std::make_shared<HttpCounters>()) {}

absl::StatusOr<std::shared_ptr<HttpClient>> HttpClient::Make(
    EventLoop& loop, const HttpSettings& settings, bool https,
    std::string who) {
  if (!settings.ca_file.empty() &&
      access(settings.ca_file.c_str(), R_OK) != 0) {
    return absl::InvalidArgumentError("ca_file: it can't be read");
  }
  // Counted by libcurl, and safe on any thread.
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return absl::InternalError("libcurl does not start");
  }
  std::shared_ptr<HttpClient> client(
      new HttpClient(loop, settings, https, std::move(who)));
  const absl::Status headers = client->MakeHeaders();
  if (!headers.ok()) return headers;
  CURLM* multi = curl_multi_init();
  if (multi == nullptr) return absl::InternalError("libcurl does not start");
  client->multi_ = multi;
  const auto connections = static_cast<long>(settings.connections);
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, Callbacks::OnSocketWanted);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, client.get());
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, Callbacks::OnTimerWanted);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, client.get());
  curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
  curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, connections);
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, connections);
  return client;
}

absl::Status HttpClient::MakeHeaders() {
  // 100-continue would cost a round trip; a form is not what a body is unless a
  // header says so.
  bool made = Append(other_headers_, "Expect:") &&
              Append(other_headers_, "Content-Type:") &&
              Append(own_headers_, "Expect:");
  bool has_type = false;
  for (const auto& [name, value] : settings_.headers) {
    if (!IsHeaderName(name) || IsReserved(name)) {
      return absl::InvalidArgumentError(
          absl::StrCat("headers: \"", name, "\" can't be set"));
    }
    if (!IsHeaderValue(value)) {
      return absl::InvalidArgumentError(
          absl::StrCat("headers: the value of ", name,
                       " holds characters that no header may hold"));
    }
    has_type = has_type || absl::EqualsIgnoreCase(name, "content-type");
    // libcurl's spelling of a header that is there and empty.
    made = made && Append(own_headers_, value.empty()
                                            ? absl::StrCat(name, ";")
                                            : absl::StrCat(name, ": ", value));
  }
  if (!has_type) made = made && Append(own_headers_, "Content-Type:");
  return made ? absl::OkStatus()
              : absl::ResourceExhaustedError("no memory for headers");
}

HttpClient::~HttpClient() {
  // No transfer is left: each keeps the client.
  if (multi_ != nullptr) curl_multi_cleanup(multi_);
  curl_slist_free_all(own_headers_);
  curl_slist_free_all(other_headers_);
  curl_global_cleanup();
}

std::unique_ptr<Attempt> HttpClient::Start(HttpRequest request, HttpDone done) {
  auto transfer = std::make_unique<HttpTransfer>(
      shared_from_this(), std::move(request), std::move(done));
  transfer->Begin();
  return transfer;
}

bool HttpClient::Add(void* easy) {
  counters_->requests.fetch_add(1, std::memory_order_relaxed);
  return curl_multi_add_handle(multi_, easy) == CURLM_OK;
}

void HttpClient::Remove(void* easy) { curl_multi_remove_handle(multi_, easy); }

void HttpClient::FinishSoon(HttpTransfer& transfer) {
  finished_.push_back(&transfer);
  if (finish_timer_ != nullptr) return;
  finish_timer_ = loop_.At(loop_.Now(), [this] { TellOutcomes(); });
}

void HttpClient::Forget(HttpTransfer& transfer) {
  finished_.erase(std::remove(finished_.begin(), finished_.end(), &transfer),
                  finished_.end());
}

void HttpClient::OnSocket(int fd, int ready) {
  int running = 0;
  curl_multi_socket_action(multi_, fd, ready, &running);
  AfterAction();
}

void HttpClient::OnTimer() {
  int running = 0;
  curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
  AfterAction();
}

void HttpClient::AfterAction() {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    // The message is gone with the removal.
    CURL* easy = message->easy_handle;
    const CURLcode result = message->data.result;
    char* owner = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &owner);
    auto* transfer = reinterpret_cast<HttpTransfer*>(owner);
    if (transfer->Ended(result)) finished_.push_back(transfer);
  }
  TellOutcomes();
}

void HttpClient::TellOutcomes() {
  const std::shared_ptr<HttpClient> keep = shared_from_this();
  finish_timer_ = nullptr;
  // Those that are told may start others and destroy any.
  while (!finished_.empty()) {
    HttpTransfer* transfer = finished_.front();
    finished_.pop_front();
    transfer->Tell();
  }
}

}  // namespace frontrunner
