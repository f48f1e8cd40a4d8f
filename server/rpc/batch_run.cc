#include "server/rpc/batch_run.h"

#include <optional>
#include <utility>

#include "frontrunner/v1/lookup.pb.h"
#include "server/rpc/lookup_failure.h"
#include "server/rpc/lookup_response.h"

namespace frontrunner {

BatchRun::BatchRun(ServerCall& call, InFlight::Permit permit,
                   const HandlerParts& parts, const Destination& destination,
                   Settings settings)
    : call_(&call),
      permit_(std::move(permit)),
      parts_(parts),
      destination_(destination),
      deadline_(call.deadline()),
      window_(settings.window),
      priority_(settings.priority),
      policy_(settings.policy),
      items_(settings.keys.size()) {
  for (size_t i = 0; i < items_.size(); ++i) {
    items_[i].key = std::move(settings.keys[i]);
  }
}

void BatchRun::Begin() {
  const auto self = shared_from_this();
  // Pumping from the start, so that a cancellation that comes at once does not
  // end the call under OnCancel's feet.
  pumping_ = true;
  call_->OnCancel([self] { self->Leave(); });
  PumpOn();
}

void BatchRun::Pump() {
  {
    std::lock_guard lock(mutex_);
    if (pumping_) return;
    pumping_ = true;
  }
  PumpOn();
}

void BatchRun::PumpOn() {
  const auto self = shared_from_this();
  std::unique_lock lock(mutex_);
  for (;;) {
    if (!leaving_ && !writing_ && !ready_.empty()) {
      const Ready ready = std::move(ready_.front());
      ready_.pop_front();
      writing_ = true;
      lock.unlock();
      call_->Write(Encode(ready), [self](bool ok) { self->Sent(ok); });
      lock.lock();
      continue;
    }
    const size_t held = underway_ + ready_.size() + (writing_ ? 1 : 0);
    if (!leaving_ && next_ < items_.size() && held < window_) {
      const size_t index = next_++;
      ++underway_;
      lock.unlock();
      StartKey(index);
      lock.lock();
      continue;
    }
    if (held == 0 && call_ != nullptr) {
      ServerCall* const call = std::exchange(call_, nullptr);
      const bool left = leaving_;
      lock.unlock();
      call->Finish(left ? CancelledReply() : Reply());
      permit_.Release();
      lock.lock();
      continue;
    }
    pumping_ = false;
    return;
  }
}

void BatchRun::StartKey(size_t index) {
  Item& item = items_[index];
  const Table& table = *destination_.table;
  if (auto mistake = CheckKey(parts_, table, item.key)) {
    Ended(index, *std::move(mistake));
    return;
  }
  item.context = std::make_shared<const CallContext>(
      MakeContext(destination_, std::move(item.key)));
  if (policy_ != CachePolicy::kBypass) {
    if (auto found = table.Peek(*item.context)) {
      // The shard counts those that it is asked.
      table.counters().lookups.fetch_add(1, std::memory_order_relaxed);
      Ended(index, *std::move(found));
      return;
    }
  }
  TableShard& shard = table.ShardOf(item.context->hash);
  {
    std::lock_guard lock(mutex_);
    item.shard = &shard;
  }
  shard.loop().Post([self = shared_from_this(), index] { self->Ask(index); });
}

void BatchRun::Ask(size_t index) {
  Item& item = items_[index];
  bool leaving = false;
  TableShard* shard = nullptr;
  {
    std::lock_guard lock(mutex_);
    leaving = leaving_;
    shard = item.shard;
  }
  if (leaving) {
    Ended(index, std::nullopt);
    Pump();
    return;
  }
  item.attempt =
      shard->Lookup({.call = item.context,
                     .deadline = deadline_,
                     .priority = priority_,
                     .policy = policy_},
                    [self = shared_from_this(), index](LookupResult result) {
                      self->Answered(index, std::move(result));
                    });
}

void BatchRun::Answered(size_t index, LookupResult result) {
  // The attempt may hold the callback that called this.
  const auto self = shared_from_this();
  items_[index].attempt.reset();
  Ended(index, std::move(result));
  Pump();
}

void BatchRun::CancelKey(size_t index) {
  Item& item = items_[index];
  // Not set: answered already, or Ask comes later and sees for itself.
  if (item.attempt == nullptr) return;
  item.attempt.reset();
  Ended(index, std::nullopt);
  Pump();
}

void BatchRun::Ended(size_t index, std::optional<Answer> answer) {
  std::lock_guard lock(mutex_);
  --underway_;
  items_[index].shard = nullptr;
  if (answer && !leaving_) {
    ready_.push_back({.index = index, .answer = *std::move(answer)});
  }
}

void BatchRun::Sent(bool ok) {
  {
    std::lock_guard lock(mutex_);
    writing_ = false;
  }
  if (ok) {
    Pump();
  } else {
    Leave();
  }
}

void BatchRun::Leave() {
  const auto self = shared_from_this();
  std::deque<Ready> dropped;
  std::vector<std::pair<TableShard*, size_t>> underway;
  {
    std::lock_guard lock(mutex_);
    if (!leaving_) {
      leaving_ = true;
      dropped.swap(ready_);
      for (size_t i = 0; i < next_; ++i) {
        if (items_[i].shard != nullptr)
          underway.emplace_back(items_[i].shard, i);
      }
    }
  }
  for (const auto& [shard, index] : underway) {
    shard->loop().Post([self, key = index] { self->CancelKey(key); });
  }
  Pump();
}

std::string BatchRun::Encode(const Ready& ready) {
  Item& item = items_[ready.index];
  const auto context = std::move(item.context);
  const std::string& key = context != nullptr ? context->key : item.key;
  const Table& table = *destination_.table;
  if (const auto* found = std::get_if<Table::Found>(&ready.answer)) {
    const LookupResponseWriter writer(
        found->value, table.entrant_names()[found->entrant], nullptr);
    return FoundInBatch(key, writer);
  }
  const auto* result = std::get_if<LookupResult>(&ready.answer);
  if (result != nullptr && result->outcome.ok()) {
    const LookupResponseWriter writer(*result->outcome, result->source,
                                      nullptr);
    return FoundInBatch(key, writer);
  }
  v1::BatchLookupResponse response;
  response.set_key(key);
  *response.mutable_failed() =
      result != nullptr ? LookupFailure(*parts_.errors, table, *result)
                        : std::get<Mistake>(ready.answer);
  return response.SerializeAsString();
}

}  // namespace frontrunner
