#include "server/rpc/queue_view.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

#include "server/rpc/durations.h"

namespace frontrunner {
namespace {

constexpr size_t kDefaultJobs = 100;
constexpr size_t kMostJobs = 10000;
/// Clients take messages of four megabytes where they are told nothing else.
constexpr size_t kMostKeyBytes = size_t{1} << 20;

int32_t Count(size_t count) {
  return static_cast<int32_t>(
      std::min<size_t>(count, std::numeric_limits<int32_t>::max()));
}

/// A job that has begun a moment ago, on another thread, is as old as nothing.
void SetAgo(TimePoint now, TimePoint then, google::protobuf::Duration& proto) {
  SetDuration(std::max(now - then, Duration(0)), proto);
}

void Fill(const DispatchQueue::Job& job, TimePoint now, v1::Job& proto) {
  proto.set_id(job.id);
  proto.set_table(job.call->table);
  proto.set_key(job.call->key);
  proto.set_priority(job.priority);
  SetAgo(now, job.queued, *proto.mutable_queued_ago());
  if (job.started) SetAgo(now, *job.started, *proto.mutable_started_ago());
  if (job.ended) SetAgo(now, *job.ended, *proto.mutable_ended_ago());
  proto.set_late(job.late);
  proto.set_code(static_cast<int32_t>(job.code));
}

void Fill(const std::vector<DispatchQueue::Job>& jobs, TimePoint now,
          google::protobuf::RepeatedPtrField<v1::Job>& protos) {
  size_t key_bytes = 0;
  for (const DispatchQueue::Job& job : jobs) {
    key_bytes += job.call->key.size();
    if (key_bytes > kMostKeyBytes) return;
    Fill(job, now, *protos.Add());
  }
}

}  // namespace

v1::Queue QueueToProto(const DispatchQueue& queue) {
  const DispatchQueue::State state = queue.state();
  v1::Queue proto;
  proto.set_name(queue.name());
  proto.set_width(state.width);
  proto.set_paused(state.paused);
  proto.set_max_pending(Count(state.max_pending));
  proto.set_per_second(state.per_second);
  proto.set_burst(state.burst);
  proto.set_pending(Count(state.pending));
  proto.set_underway(Count(state.underway));
  proto.set_late(Count(state.late));
  const DispatchQueue::Counters& counters = state.counters;
  v1::QueueCounters& out = *proto.mutable_counters();
  out.set_queued(counters.queued);
  out.set_started(counters.started);
  out.set_finished(counters.finished);
  out.set_cancelled(counters.cancelled);
  out.set_aborted(counters.aborted);
  out.set_refused(counters.refused);
  out.set_drained(counters.drained);
  const auto started =
      static_cast<Duration::rep>(std::max<uint64_t>(counters.started, 1));
  SetDuration(counters.wait_sum / started, *out.mutable_mean_wait());
  return proto;
}

v1::GetQueueResponse QueueWithJobs(const DispatchQueue& queue,
                                   int32_t max_jobs) {
  const size_t max =
      max_jobs <= 0
          ? kDefaultJobs
          : std::min<size_t>(static_cast<size_t>(max_jobs), kMostJobs);
  v1::GetQueueResponse response;
  *response.mutable_queue() = QueueToProto(queue);
  const TimePoint now = queue.Now();
  Fill(queue.Pending(max), now, *response.mutable_pending());
  Fill(queue.Underway(max), now, *response.mutable_underway());
  Fill(queue.Ended(max), now, *response.mutable_ended());
  return response;
}

}  // namespace frontrunner
