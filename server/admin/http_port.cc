#include "server/admin/http_port.h"

#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>

#include <cerrno>
#include <cstdint>
#include <exception>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"

namespace frontrunner {
namespace {

/// Connections that wait to be accepted.
constexpr int kBacklog = 128;
/// Of a request that is refused for having a body at all; a larger one is
/// refused by evhttp, unread.
constexpr int kMaxBody = 1024;
/// Also those that evhttp does not know: what is no GET and no HEAD is told so.
constexpr uint16_t kEveryMethod = 0xFFFF;

bool HasBody(evhttp_request& request) {
  const evkeyvalq* headers = evhttp_request_get_input_headers(&request);
  const char* const length = evhttp_find_header(headers, "Content-Length");
  return evhttp_find_header(headers, "Transfer-Encoding") != nullptr ||
         (length != nullptr && std::string_view(length) != "0");
}

/// Nullopt where it is not written as name=value&name=value.
std::optional<PageRequest> ReadParameters(const char* query) {
  PageRequest request;
  if (query == nullptr) return request;
  evkeyvalq list;
  if (evhttp_parse_query_str(query, &list) != 0) return std::nullopt;
  for (const evkeyval* each = list.tqh_first; each != nullptr;
       each = each->next.tqe_next) {
    request.parameters.emplace_back(each->key, each->value);
  }
  evhttp_clear_headers(&list);
  return request;
}

PageReply NotFound(const HttpPort::Pages& pages) {
  PageReply reply{.code = HTTP_NOTFOUND, .body = "not here; there are:\n"};
  for (const auto& [path, page] : pages) {
    absl::StrAppend(&reply.body, path, "\n");
  }
  return reply;
}

void Send(evhttp_request& request, const PageReply& reply) {
  evkeyvalq* const headers = evhttp_request_get_output_headers(&request);
  const auto add = [headers](const char* name, const std::string& value) {
    evhttp_add_header(headers, name, value.c_str());
  };
  add("Content-Type", reply.content_type);
  add("Cache-Control", "no-store");
  add("X-Content-Type-Options", "nosniff");
  if (reply.code == HTTP_BADMETHOD) add("Allow", "GET, HEAD");
  if (HasBody(request)) add("Connection", "close");
  // evhttp leaves it out of answers to HEAD and CONNECT.
  add("Content-Length", absl::StrCat(reply.body.size()));
  if (evhttp_request_get_command(&request) != EVHTTP_REQ_HEAD) {
    evbuffer_add(evhttp_request_get_output_buffer(&request), reply.body.data(),
                 reply.body.size());
  }
  evhttp_send_reply(&request, reply.code, nullptr, nullptr);
}

}  // namespace

void HttpPort::FreeHttp::operator()(evhttp* http) const { evhttp_free(http); }

HttpPort::HttpPort(Settings settings, Pages pages)
    : settings_(std::move(settings)),
      pages_(std::move(pages)),
      loop_(EventLoop::Settings{.name = "http"}) {}

HttpPort::~HttpPort() {
  if (running_) {
    loop_.RunAndWait([this] {
      tick_ = nullptr;
      listeners_.clear();
      http_ = nullptr;
      visitors_ = nullptr;
    });
  }
  loop_.Stop();
  loop_.Join();
  if (file_) file_->Remove();
}

absl::Status HttpPort::Start() {
  absl::StatusOr<Bound> bound = BindTo(settings_.listen);
  if (!bound.ok()) return bound.status();
  address_ = bound->address;
  if (const auto path = UnixPath(address_)) file_.emplace(*path);

  visitors_ =
      std::make_unique<Visitors>(settings_.visitors, loop_, settings_.counters);
  http_.reset(evhttp_new(loop_.base()));
  if (http_ == nullptr) return absl::ResourceExhaustedError("out of memory");
  evhttp_set_max_headers_size(http_.get(),
                              static_cast<ev_ssize_t>(settings_.max_head));
  evhttp_set_max_body_size(http_.get(), kMaxBody);
  evhttp_set_allowed_methods(http_.get(), kEveryMethod);
  evhttp_set_bevcb(
      http_.get(),
      [](event_base* base, void* self) {
        return static_cast<HttpPort*>(self)->Enter(base);
      },
      this);
  evhttp_set_gencb(
      http_.get(),
      [](evhttp_request* request, void* self) {
        static_cast<HttpPort*>(self)->Handle(*request);
      },
      this);
  for (OwnedFd& socket : bound->sockets) {
    if (absl::Status status = Listen(std::move(socket)); !status.ok()) {
      return status;
    }
  }
  running_ = true;
  loop_.Start();
  loop_.Post([this] { Tick(); });
  return absl::OkStatus();
}

absl::Status HttpPort::Listen(OwnedFd socket) {
  evconnlistener* const listener = evconnlistener_new(
      loop_.base(), nullptr, nullptr,
      LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, kBacklog, socket.get());
  if (listener == nullptr) return CannotListen(address_, errno);
  socket.Release();
  // Without descriptors it would be asked again and again; Tick goes on.
  evconnlistener_set_error_cb(listener, [](evconnlistener* failed, void*) {
    evconnlistener_disable(failed);
  });
  if (evhttp_bind_listener(http_.get(), listener) == nullptr) {
    evconnlistener_free(listener);
    return absl::ResourceExhaustedError("out of memory");
  }
  listeners_.push_back(listener);
  return absl::OkStatus();
}

bufferevent* HttpPort::Enter(event_base* base) {
  bufferevent* const visitor = visitors_->Enter(base);
  if (visitors_->crowded()) {
    // Or accepting would go on as long as anybody connects, and nobody who was
    // shown out would ever be gone.
    Listeners(false);
    loop_.Post([this] { Listeners(true); });
  }
  return visitor;
}

void HttpPort::Listeners(bool on) {
  for (evconnlistener* listener : listeners_) {
    if (on) {
      evconnlistener_enable(listener);
    } else {
      evconnlistener_disable(listener);
    }
  }
}

void HttpPort::Tick() {
  visitors_->Sweep();
  Listeners(true);
  tick_ = loop_.At(loop_.Now() + settings_.tick, [this] { Tick(); });
}

void HttpPort::Handle(evhttp_request& request) {
  visitors_->Asked(evhttp_connection_get_bufferevent(
      evhttp_request_get_connection(&request)));
  PageReply reply;
  // libevent is C: nothing may be thrown through it.
  try {
    reply = ReplyTo(request);
  } catch (const std::exception&) {
    reply = {.code = HTTP_INTERNAL, .body = "this page failed\n"};
  }
  Send(request, reply);
}

PageReply HttpPort::ReplyTo(evhttp_request& request) const {
  const auto method = evhttp_request_get_command(&request);
  if (method != EVHTTP_REQ_GET && method != EVHTTP_REQ_HEAD) {
    return {.code = HTTP_BADMETHOD, .body = "GET and HEAD only\n"};
  }
  if (HasBody(request)) {
    return {.code = HTTP_BADREQUEST, .body = "no request has a body here\n"};
  }
  const evhttp_uri* const uri = evhttp_request_get_evhttp_uri(&request);
  const char* const path = evhttp_uri_get_path(uri);
  const auto page = pages_.find(path == nullptr ? "" : path);
  if (page == pages_.end()) return NotFound(pages_);
  const auto asked = ReadParameters(evhttp_uri_get_query(uri));
  if (!asked) {
    return {.code = HTTP_BADREQUEST,
            .body = "parameters are written name=value\n"};
  }
  return page->second(*asked);
}

}  // namespace frontrunner
