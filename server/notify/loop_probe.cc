#include "server/notify/loop_probe.h"

#include <utility>

namespace frontrunner {

LoopProbe::LoopProbe(std::vector<Loop*> loops)
    : loops_(std::move(loops)),
      silent_(std::make_shared<std::atomic<size_t>>(0)) {}

bool LoopProbe::Answered() {
  const bool answered = asked_ && *silent_ == 0;
  if (answered || !asked_) Ask();
  return answered;
}

void LoopProbe::Ask() {
  asked_ = true;
  *silent_ = loops_.size();
  for (Loop* loop : loops_) {
    loop->Post([silent = silent_] { --*silent; });
  }
}

}  // namespace frontrunner
