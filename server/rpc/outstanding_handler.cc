#include "server/rpc/outstanding_handler.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "frontrunner/v1/admin.pb.h"
#include "server/rpc/admin_request.h"
#include "server/rpc/durations.h"
#include "server/tables/outstanding.h"

namespace frontrunner {
namespace {

constexpr size_t kDefaultLookups = 100;
constexpr size_t kMostLookups = 10000;

size_t HowMany(int32_t asked) {
  if (asked <= 0) return kDefaultLookups;
  return std::min(static_cast<size_t>(asked), kMostLookups);
}

/// One call, held by the tasks that look on each loop: when the last of them is
/// gone it answers, whether all of them ran or a loop has stopped meanwhile.
class Collection {
 public:
  Collection(ServerCall& call, v1::ListOutstandingResponse response,
             size_t lookups, TimePoint now)
      : call_(call),
        response_(std::move(response)),
        lookups_(lookups),
        now_(now),
        all_(lookups) {}
  Collection(const Collection&) = delete;
  Collection& operator=(const Collection&) = delete;

  ~Collection() {
    response_.set_racing(static_cast<int32_t>(all_.racing()));
    response_.set_waiting(static_cast<int32_t>(all_.waiting()));
    for (const OutstandingLookup& lookup : std::move(all_).TakeOldest()) {
      // One that began while the loops were being asked is as old as nothing.
      const Duration age = std::max(now_ - lookup.began, Duration(0));
      if (!response_.has_oldest()) {
        SetDuration(age, *response_.mutable_oldest());
      }
      v1::OutstandingLookup& listed = *response_.add_lookups();
      listed.set_table(lookup.call->table);
      listed.set_key(lookup.call->key);
      listed.set_priority(lookup.priority);
      SetDuration(age, *listed.mutable_age());
      listed.set_waiting(lookup.waiting);
    }
    call_.Finish({.response = response_.SerializeAsString()});
  }

  /// On the shard's loop.
  void LookAt(const TableShard& shard) {
    OutstandingList here(lookups_);
    shard.ListTo(here);
    const std::lock_guard lock(mutex_);
    all_.Merge(std::move(here));
  }

 private:
  ServerCall& call_;
  v1::ListOutstandingResponse response_;
  const size_t lookups_;
  const TimePoint now_;
  std::mutex mutex_;  // guards what follows
  OutstandingList all_;
};

}  // namespace

void ListOutstandingHandler::Handle(ServerCall& call) {
  const auto request =
      DecodeOrRefuse<v1::ListOutstandingRequest>(call, errors_);
  if (!request) return;
  const InFlight::Settings& marks = in_flight_.settings();
  v1::ListOutstandingResponse response;
  response.set_outstanding(static_cast<int32_t>(in_flight_.outstanding()));
  response.set_high(static_cast<int32_t>(marks.high));
  response.set_low(static_cast<int32_t>(marks.low));
  response.set_overloaded(in_flight_.overloaded());
  // As a whole it stops serving when a drain begins; InFlight hears of it only
  // after the lame duck.
  response.set_draining(status_.draining());
  const auto collection = std::make_shared<Collection>(
      call, std::move(response), HowMany(request->max_lookups()), clock_.Now());
  for (const auto& table : tables_.tables()) {
    for (TableShard* shard : table->shards()) {
      shard->loop().Post([collection, shard] { collection->LookAt(*shard); });
    }
  }
}

}  // namespace frontrunner
