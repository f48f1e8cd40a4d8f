#include "server/rpc/write_handlers.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "frontrunner/v1/lookup.pb.h"
#include "server/base/strings.h"
#include "server/rpc/durations.h"
#include "server/rpc/pending_call.h"
#include "server/rpc/request_checks.h"

namespace frontrunner {
namespace {

/// Far enough to mean "for ever", near enough to be added to any time.
constexpr Duration kMaxTtl = std::chrono::hours(24 * 36500);

/// Rule 12: nobody shall poison a cache from afar.
std::optional<Mistake> CheckWriter(const HandlerParts& parts,
                                   const ServerCall& call, const Table& table) {
  if (call.peer() != Peer::kElsewhere || call.authenticated() ||
      table.settings().open_writes) {
    return std::nullopt;
  }
  return parts.errors->Plain(
      Reason::kWritesRefused,
      absl::StrCat("Table \"", table.settings().name,
                   "\" is written only from this machine or by authenticated "
                   "callers, unless it says open_writes."),
      table.settings().name);
}

/// Where a write goes, and under which permit.
struct Admitted {
  Destination destination;
  InFlight::Permit permit;
};

/// What Put and Forget have in common up to the loop. Where the request is
/// refused the call is finished, and there is nothing.
template <typename Request>
std::optional<Admitted> Admit(const HandlerParts& parts, ServerCall& call,
                              Request& request) {
  InFlight::Admission admission = parts.in_flight->Begin();
  if (!admission.permit) {
    call.Finish(parts.errors->Refused(admission.refusal));
    return std::nullopt;
  }
  if (auto mistake = Decode(*parts.errors, call, request)) {
    call.Finish(AsReply(*mistake));
    return std::nullopt;
  }
  const auto found = FindDestination(parts, call, request.table());
  if (const auto* mistake = std::get_if<Mistake>(&found)) {
    call.Finish(AsReply(*mistake));
    return std::nullopt;
  }
  const auto& destination = std::get<Destination>(found);
  auto mistake = CheckWriter(parts, call, *destination.table);
  if (!mistake) mistake = CheckKey(parts, *destination.table, request.key());
  if (mistake) {
    call.Finish(AsReply(*mistake));
    return std::nullopt;
  }
  return Admitted{.destination = destination,
                  .permit = std::move(admission.permit)};
}

/// A Put or Forget on its loop.
class PendingWrite final : public PendingCall {
 public:
  /// `to_store` absent: a Forget.
  PendingWrite(ServerCall& call, Admitted admitted, TableShard& shard,
               const Errors& errors, CallContext context,
               std::optional<ToStore> to_store)
      : PendingCall(call, std::move(admitted.permit), shard.loop()),
        table_(*admitted.destination.table),
        shard_(shard),
        errors_(errors),
        deadline_(call.deadline()),
        context_(std::make_shared<const CallContext>(std::move(context))),
        to_store_(std::move(to_store)) {}

 protected:
  std::unique_ptr<Attempt> Ask() override {
    auto done = [self = Keep(this)](const absl::Status& status) {
      self->End(self->ReplyTo(status));
    };
    if (!to_store_) {
      return shard_.Forget(std::move(context_), deadline_, std::move(done));
    }
    to_store_->produced = shard_.loop().WallNow();
    return shard_.Put(std::move(context_), *std::move(to_store_), deadline_,
                      std::move(done));
  }

 private:
  /// Both responses are empty messages.
  Reply ReplyTo(const absl::Status& status) const {
    if (status.ok()) return {};
    return AsReply(errors_.Plain(Reason::kCachesFailed, Std(status.message()),
                                 table_.settings().name));
  }

  const Table& table_;
  TableShard& shard_;
  const Errors& errors_;
  const TimePoint deadline_;
  std::shared_ptr<const CallContext> context_;
  std::optional<ToStore> to_store_;
};

void Begin(const HandlerParts& parts, ServerCall& call, Admitted admitted,
           std::string key, std::optional<ToStore> to_store) {
  CallContext context = MakeContext(admitted.destination, std::move(key));
  TableShard& shard = admitted.destination.table->ShardOf(context.hash);
  std::make_shared<PendingWrite>(call, std::move(admitted), shard,
                                 *parts.errors, std::move(context),
                                 std::move(to_store))
      ->Begin();
}

}  // namespace

void PutHandler::Handle(ServerCall& call) {
  v1::PutRequest request;
  std::optional<Admitted> admitted = Admit(parts_, call, request);
  if (!admitted) return;
  const auto refuse = [&](std::string_view message) {
    call.Finish(AsReply(
        parts_.errors->Plain(Reason::kInvalidRequest, message,
                             admitted->destination.table->settings().name)));
  };
  if (request.value().size() > parts_.limits.max_value) {
    const std::string message = absl::StrCat(
        "The value has ", request.value().size(), " bytes; at most ",
        parts_.limits.max_value, " are allowed.");
    refuse(message);
    return;
  }
  ToStore to_store;
  if (request.has_ttl()) {
    to_store.ttl = FromProto(request.ttl());
    if (!to_store.ttl || *to_store.ttl <= Duration::zero() ||
        *to_store.ttl > kMaxTtl) {
      refuse("The ttl is not between zero (exclusive) and 100 years.");
      return;
    }
  }
  to_store.bytes = MakeBytes(std::move(*request.mutable_value()));
  Begin(parts_, call, *std::move(admitted), std::move(*request.mutable_key()),
        std::move(to_store));
}

void ForgetHandler::Handle(ServerCall& call) {
  v1::ForgetRequest request;
  std::optional<Admitted> admitted = Admit(parts_, call, request);
  if (!admitted) return;
  Begin(parts_, call, *std::move(admitted), std::move(*request.mutable_key()),
        std::nullopt);
}

}  // namespace frontrunner
