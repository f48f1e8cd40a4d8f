#include "server/notify/thread_probe.h"

#include <utility>

namespace frontrunner {

ThreadProbe::ThreadProbe(std::vector<Ask> threads)
    : threads_(std::move(threads)),
      silent_(std::make_shared<std::atomic<size_t>>(0)) {}

bool ThreadProbe::Answered() {
  const bool answered = asked_ && *silent_ == 0;
  if (answered || !asked_) AskAll();
  return answered;
}

void ThreadProbe::AskAll() {
  asked_ = true;
  *silent_ = threads_.size();
  for (const Ask& ask : threads_) {
    ask([silent = silent_] { --*silent; });
  }
}

}  // namespace frontrunner
