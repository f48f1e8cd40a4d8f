#include "server/rpc/lookup_handler.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "frontrunner/v1/lookup.pb.h"
#include "server/rpc/lookup_failure.h"
#include "server/rpc/lookup_response.h"
#include "server/rpc/pending_call.h"
#include "server/rpc/report.h"
#include "server/rpc/request_checks.h"

namespace frontrunner {
namespace {

Reply FoundReply(const Value& value, std::string_view source,
                 const v1::RaceReport* report) {
  Reply reply;
  LookupResponseWriter(value, source, report).AppendTo(reply.response);
  return reply;
}

Reply ReplyTo(const Errors& errors, const Table& table,
              const LookupResult& result, bool include_report) {
  if (!result.outcome.ok())
    return AsReply(LookupFailure(errors, table, result));
  v1::RaceReport report;
  const bool reported = include_report && result.race != nullptr;
  if (reported) {
    FillReport(*result.race, result.coalesced, table.entrant_names(), {},
               report);
  }
  return FoundReply(*result.outcome, result.source,
                    reported ? &report : nullptr);
}

Reply ReplyToPeek(const Table& table, const Table::Found& found,
                  bool include_report) {
  v1::RaceReport report;
  if (include_report) {
    FillPeekReport(found.entrant, table.entrant_names(), report);
  }
  return FoundReply(found.value, table.entrant_names()[found.entrant],
                    include_report ? &report : nullptr);
}

}  // namespace

class LookupHandler::Pending final : public PendingCall {
 public:
  Pending(ServerCall& call, InFlight::Permit permit, const Errors& errors,
          const Table& table, TableShard& shard, LookupCall lookup,
          bool include_report)
      : PendingCall(call, std::move(permit), shard.loop()),
        errors_(errors),
        table_(table),
        shard_(shard),
        lookup_(std::move(lookup)),
        include_report_(include_report) {}

 protected:
  std::unique_ptr<Attempt> Ask() override {
    if (lookup_.wait_for_value) {
      // The attempt, and with it this callback, goes before we do.
      lookup_.parked = [this] { ReleasePermit(); };
    }
    return shard_.Lookup(std::move(lookup_),
                         [self = Keep(this)](const LookupResult& result) {
                           self->End(ReplyTo(self->errors_, self->table_,
                                             result, self->include_report_));
                         });
  }

 private:
  const Errors& errors_;
  const Table& table_;
  TableShard& shard_;
  LookupCall lookup_;
  const bool include_report_;
};

void LookupHandler::Handle(ServerCall& call) {
  InFlight::Admission admission = parts_.in_flight->Begin();
  if (!admission.permit) {
    call.Finish(parts_.errors->Refused(admission.refusal));
    return;
  }
  v1::LookupRequest request;
  if (auto mistake = Decode(*parts_.errors, call, request)) {
    call.Finish(AsReply(*mistake));
    return;
  }
  const auto found = FindDestination(parts_, call, request.table());
  if (const auto* mistake = std::get_if<Mistake>(&found)) {
    call.Finish(AsReply(*mistake));
    return;
  }
  const auto& destination = std::get<Destination>(found);
  const Table& table = *destination.table;
  if (auto mistake = CheckKey(parts_, table, request.key())) {
    call.Finish(AsReply(*mistake));
    return;
  }
  CallContext context =
      MakeContext(destination, std::move(*request.mutable_key()));
  const CachePolicy policy = PolicyFromProto(request.cache_policy());
  if (policy != CachePolicy::kBypass) {
    if (const auto hit = table.Peek(context)) {
      // The shard counts those that it is asked.
      table.counters().lookups.fetch_add(1, std::memory_order_relaxed);
      call.Finish(ReplyToPeek(table, *hit, request.include_report()));
      return;
    }
  }
  TableShard& shard = table.ShardOf(context.hash);
  LookupCall lookup{
      .call = std::make_shared<const CallContext>(std::move(context)),
      .deadline = call.deadline(),
      .priority = request.priority(),
      .policy = policy,
      .wait_for_value = request.wait_for_value()};
  std::make_shared<Pending>(call, std::move(admission.permit), *parts_.errors,
                            table, shard, std::move(lookup),
                            request.include_report())
      ->Begin();
}

}  // namespace frontrunner
