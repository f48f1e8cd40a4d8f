#include "client/prefetch_sender.h"

#include <utility>
#include <vector>

#include "client/prefetch_watch.h"

namespace frontrunner {
PrefetchSender::PrefetchSender(Settings settings, AdminClient& client,
                               KeyReader& keys, Patience& patience)
    : settings_(std::move(settings)),
      client_(client),
      keys_(keys),
      patience_(patience) {}

absl::StatusOr<uint64_t> PrefetchSender::Send() {
  auto chunk = keys_.Next();
  if (!chunk.ok()) return chunk.status();
  while (!chunk->empty()) {
    // Read ahead: the last chunk says that it is.
    auto next = keys_.Next();
    v1::PrefetchRequest request;
    request.set_id(settings_.id);
    request.set_table(settings_.table);
    if (settings_.priority) request.set_priority(*settings_.priority);
    for (std::string& key : *chunk) request.add_keys(std::move(key));
    request.set_last(next.ok() && next->empty());
    const auto status = SendChunk(request);
    if (!status.ok()) return status;
    // What could be read has been sent.
    if (!next.ok()) return next.status();
    chunk = std::move(next);
  }
  return accepted_;
}

absl::Status PrefetchSender::SendChunk(const v1::PrefetchRequest& request) {
  for (bool repeated = false;; repeated = true) {
    const auto response = client_.Prefetch(request);
    if (response.ok()) {
      patience_.Succeeded();
      accepted_ = response->accepted();
      if (settings_.progress) settings_.progress(keys_.keys(), accepted_);
      return absl::OkStatus();
    }
    // The answer was lost, and what was asked for had been done: the server
    // takes nothing after the last keys.
    if (repeated && request.last() &&
        absl::IsFailedPrecondition(response.status()) && Complete()) {
      patience_.Succeeded();
      return absl::OkStatus();
    }
    auto status = patience_.AfterFailure(response.status());
    if (!status.ok()) return status;
  }
}

bool PrefetchSender::Complete() {
  const auto progress = LookAtPrefetch(client_, settings_.id);
  if (!progress.ok() || !progress->complete()) return false;
  accepted_ = progress->accepted();
  return true;
}

}  // namespace frontrunner
