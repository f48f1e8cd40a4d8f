#include "server/rpc/prefetch_progress.h"

#include <cstddef>

#include "server/rpc/text.h"

namespace frontrunner {
namespace {

/// Of a failure's message: a list of many prefetches shall fit into an answer.
constexpr size_t kMaxMessage = 300;

}  // namespace

v1::PrefetchProgress ProgressToProto(const PrefetchView& view) {
  v1::PrefetchProgress proto;
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
  return proto;
}

}  // namespace frontrunner
