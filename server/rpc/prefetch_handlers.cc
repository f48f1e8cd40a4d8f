#include "server/rpc/prefetch_handlers.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "frontrunner/v1/admin.pb.h"
#include "server/base/status.h"
#include "server/base/strings.h"
#include "server/rpc/request_checks.h"
#include "server/rpc/text.h"

namespace frontrunner {
namespace {

constexpr int kDefaultPriority = 100;
constexpr size_t kMaxId = 64;
/// Of a failure's message: a list of many prefetches shall fit into an answer.
constexpr size_t kMaxMessage = 300;

Reply FailedReply(absl::StatusCode code, std::string message) {
  return {.code = code, .message = std::move(message)};
}

Reply FailedReply(const Errors& errors, const absl::Status& status) {
  if (const auto refusal = RefusalOf(status)) return errors.Refused(*refusal);
  return FailedReply(status.code(), CleanUtf8(Std(status.message())));
}

bool WellFormed(std::string_view id) {
  return !id.empty() && id.size() <= kMaxId &&
         std::all_of(id.begin(), id.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                  c == '-' || c == '_' || c == '.';
         });
}

void Fill(const PrefetchView& view, v1::PrefetchProgress& proto) {
  proto.set_id(view.id);
  proto.set_table(CleanUtf8(view.table));
  proto.set_priority(view.priority);
  proto.set_accepted(view.accepted);
  proto.set_stored(view.stored);
  proto.set_failed(view.failed);
  proto.set_pending(view.pending);
  proto.set_underway(view.underway);
  proto.set_cancelled(view.cancelled);
  proto.set_complete(view.complete);
  proto.set_finished(view.finished);
  proto.set_per_second(view.per_second);
  for (const PrefetchView::Failure& failure : view.failures) {
    v1::PrefetchFailure& out = *proto.add_failures();
    out.set_code(static_cast<int>(failure.code));
    out.set_count(failure.count);
    out.set_message(CleanAndShorten(failure.message, kMaxMessage));
  }
}

std::string Encode(const PrefetchView& view) {
  v1::PrefetchProgress progress;
  Fill(view, progress);
  return progress.SerializeAsString();
}

std::optional<Mistake> CheckKeys(const HandlerParts& parts, const Table& table,
                                 const v1::PrefetchRequest& request) {
  const auto count = static_cast<size_t>(request.keys_size());
  if (count > parts.limits.max_batch) {
    return parts.errors->Plain(
        Reason::kInvalidRequest,
        absl::StrCat("The call has ", count, " keys; at most ",
                     parts.limits.max_batch, " are allowed in one."),
        table.settings().name);
  }
  for (const std::string& key : request.keys()) {
    if (auto mistake = CheckKey(parts, table, key)) return mistake;
  }
  return std::nullopt;
}

}  // namespace

PrefetchHandlers::PrefetchHandlers(HandlerParts parts, PrefetchControl* control)
    : accept_(Parts{parts, control}),
      list_(Parts{parts, control}),
      cancel_(Parts{parts, control}),
      watch_(Parts{parts, control}) {}

PrefetchHandlers::~PrefetchHandlers() = default;

std::vector<Route> PrefetchHandlers::routes() {
  return {
      {.method = "/frontrunner.v1.AdminService/Prefetch", .handler = &accept_},
      {.method = "/frontrunner.v1.AdminService/WatchPrefetch",
       .kind = MethodKind::kServerStreaming,
       .handler = &watch_},
      {.method = "/frontrunner.v1.AdminService/ListPrefetches",
       .handler = &list_},
      {.method = "/frontrunner.v1.AdminService/CancelPrefetch",
       .handler = &cancel_}};
}

void PrefetchHandlers::EndWatches() { watch_.EndAll(); }

/// What all four refuse. The call is finished then.
template <typename Request>
bool PrefetchHandlers::Refused(const Parts& parts, ServerCall& call,
                               Request& request) {
  if (parts.control == nullptr) {
    call.Finish(
        FailedReply(absl::StatusCode::kFailedPrecondition,
                    "Prefetching needs a state_dir in the configuration."));
    return true;
  }
  if (auto mistake = Decode(*parts.errors, call, request)) {
    call.Finish(AsReply(*mistake));
    return true;
  }
  return false;
}

bool PrefetchHandlers::BadId(const Parts& parts, ServerCall& call,
                             const std::string& id) {
  if (WellFormed(id)) return false;
  call.Finish(AsReply(parts.errors->Plain(
      Reason::kInvalidRequest,
      absl::StrCat("The id must be 1 to ", kMaxId,
                   " letters, digits, '-', '_' and '.'."))));
  return true;
}

void PrefetchHandlers::Accept::Handle(ServerCall& call) {
  v1::PrefetchRequest request;
  if (Refused(parts_, call, request)) return;
  if (BadId(parts_, call, request.id())) return;
  const auto found = FindDestination(parts_, call, request.table());
  if (const auto* mistake = std::get_if<Mistake>(&found)) {
    call.Finish(AsReply(*mistake));
    return;
  }
  const Table& table = *std::get<Destination>(found).table;
  if (const auto mistake = CheckKeys(parts_, table, request)) {
    call.Finish(AsReply(*mistake));
    return;
  }
  if (!table.stores()) {
    call.Finish(
        FailedReply(absl::StatusCode::kFailedPrecondition,
                    absl::StrCat("Table \"", table.settings().name,
                                 "\" stores nothing: it needs a cache and a "
                                 "write_back.")));
    return;
  }
  PrefetchKeys keys;
  keys.id = std::move(*request.mutable_id());
  keys.table = std::move(*request.mutable_table());
  keys.keys.assign(std::make_move_iterator(request.mutable_keys()->begin()),
                   std::make_move_iterator(request.mutable_keys()->end()));
  keys.priority =
      request.has_priority() ? request.priority() : kDefaultPriority;
  keys.last = request.last();
  parts_.control->Accept(
      std::move(keys), [&call, errors = parts_.errors](
                           const absl::StatusOr<uint64_t>& accepted) {
        if (!accepted.ok()) {
          call.Finish(FailedReply(*errors, accepted.status()));
          return;
        }
        v1::PrefetchResponse response;
        response.set_accepted(*accepted);
        call.Finish({.response = response.SerializeAsString()});
      });
}

void PrefetchHandlers::List::Handle(ServerCall& call) {
  v1::ListPrefetchesRequest request;
  if (Refused(parts_, call, request)) return;
  parts_.control->List(
      [&call, errors = parts_.errors](
          const absl::StatusOr<std::vector<PrefetchView>>& views) {
        if (!views.ok()) {
          call.Finish(FailedReply(*errors, views.status()));
          return;
        }
        v1::ListPrefetchesResponse response;
        for (const PrefetchView& view : *views) {
          Fill(view, *response.add_prefetches());
        }
        call.Finish({.response = response.SerializeAsString()});
      });
}

void PrefetchHandlers::Cancel::Handle(ServerCall& call) {
  v1::CancelPrefetchRequest request;
  if (Refused(parts_, call, request)) return;
  if (BadId(parts_, call, request.id())) return;
  parts_.control->Cancel(std::move(*request.mutable_id()),
                         [&call, errors = parts_.errors](
                             const absl::StatusOr<PrefetchView>& view) {
                           if (!view.ok()) {
                             call.Finish(FailedReply(*errors, view.status()));
                             return;
                           }
                           call.Finish({.response = Encode(*view)});
                         });
}

/// Writes are made one at a time, and the call is finished when none is under
/// way, by whoever comes last.
class PrefetchHandlers::Watch::Stream
    : public std::enable_shared_from_this<Stream> {
 public:
  Stream(Watch& handler, ServerCall& call) : handler_(handler), call_(&call) {}

  void Begin(std::string id) {
    const auto self = shared_from_this();
    watch_ = handler_.parts_.control->Watch(
        std::move(id), [self](const absl::StatusOr<PrefetchView>& view) {
          self->Changed(view);
        });
    call_->OnCancel([self] { self->End(CancelledReply()); });
    Proceed();
  }

  /// At once: nothing more is written.
  void End(Reply reply) {
    {
      std::lock_guard lock(mutex_);
      next_.reset();
      if (!end_) end_ = std::move(reply);
      if (busy_) return;
      busy_ = true;
    }
    Proceed();
  }

 private:
  void Changed(const absl::StatusOr<PrefetchView>& view) {
    {
      std::lock_guard lock(mutex_);
      if (end_) return;
      if (view.ok()) {
        next_ = Encode(*view);
        if (view->finished) end_.emplace();
      } else {
        end_ = FailedReply(*handler_.parts_.errors, view.status());
      }
      if (busy_) return;
      busy_ = true;
    }
    Proceed();
  }

  /// By whoever has set busy_.
  void Proceed() {
    const auto self = shared_from_this();
    std::optional<std::string> next;
    {
      std::lock_guard lock(mutex_);
      next = std::exchange(next_, std::nullopt);
      if (!next && !end_) {
        busy_ = false;
        return;
      }
    }
    if (next) {
      call_->Write(*std::move(next), [self](bool ok) { self->Sent(ok); });
      return;
    }
    // Busy for ever.
    handler_.parts_.control->Unwatch(watch_);
    handler_.Forget(*this);
    std::exchange(call_, nullptr)->Finish(*std::move(end_));
  }

  void Sent(bool ok) {
    if (!ok) {
      std::lock_guard lock(mutex_);
      next_.reset();
      if (!end_) end_ = CancelledReply();
    }
    Proceed();
  }

  Watch& handler_;
  ServerCall* call_;
  uint64_t watch_ = 0;
  std::mutex mutex_;  // guards all below
  /// To be written.
  std::optional<std::string> next_;
  /// How the call ends, after that.
  std::optional<Reply> end_;
  /// A write is under way, or somebody is looking for what to do next. True
  /// from the start, until Begin has done its work.
  bool busy_ = true;
};

PrefetchHandlers::Watch::~Watch() = default;

void PrefetchHandlers::Watch::Handle(ServerCall& call) {
  v1::WatchPrefetchRequest request;
  if (Refused(parts_, call, request)) return;
  if (BadId(parts_, call, request.id())) return;
  const auto stream = std::make_shared<Stream>(*this, call);
  std::optional<Refusal> refusal;
  {
    std::lock_guard lock(mutex_);
    if (ended_) {
      refusal = Refusal::kDraining;
    } else if (streams_.size() >= parts_.limits.max_watchers) {
      refusal = Refusal::kOverloaded;
    } else {
      streams_.push_back(stream);
    }
  }
  if (refusal) {
    call.Finish(parts_.errors->Refused(*refusal));
    return;
  }
  stream->Begin(std::move(*request.mutable_id()));
}

void PrefetchHandlers::Watch::EndAll() {
  std::list<std::shared_ptr<Stream>> streams;
  {
    std::lock_guard lock(mutex_);
    ended_ = true;
    streams = streams_;
  }
  for (const auto& stream : streams) {
    stream->End(parts_.errors->Refused(Refusal::kDraining));
  }
}

size_t PrefetchHandlers::Watch::watchers() const {
  std::lock_guard lock(mutex_);
  return streams_.size();
}

void PrefetchHandlers::Watch::Forget(const Stream& stream) {
  std::lock_guard lock(mutex_);
  streams_.remove_if(
      [&stream](const auto& other) { return other.get() == &stream; });
}

}  // namespace frontrunner
