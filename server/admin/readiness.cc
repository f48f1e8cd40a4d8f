#include "server/admin/readiness.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace frontrunner {
namespace {

constexpr int kOk = 200;
constexpr int kBadRequest = 400;
constexpr int kNotFound = 404;
constexpr int kUnavailable = 503;

PageReply NotReady(const std::string& why) {
  return {.code = kUnavailable, .body = absl::StrCat(why, "\n")};
}

}  // namespace

PageReply LivenessPage(const Liveness& liveness) {
  if (!liveness.alive()) return NotReady(kThreadSilent);
  return {.body = "ok\n"};
}

PageReply Readiness::Page(const PageRequest& request) const {
  if (request.parameters.empty()) return OfServer();
  // A slip in a probe shall not go unseen.
  if (request.parameters.size() > 1 ||
      request.parameters.front().first != "table") {
    return {.code = kBadRequest, .body = "the only parameter is table, once\n"};
  }
  return OfTable(request.parameters.front().second);
}

bool Readiness::ready() const { return OfServer().code == kOk; }

PageReply Readiness::OfServer() const {
  if (!started_.load(std::memory_order_relaxed)) return NotReady("starting");
  if (in_flight_.draining()) return NotReady("draining: lookups are refused");
  if (status_.draining()) {
    return NotReady("lame duck: send new lookups elsewhere");
  }
  if (!liveness_.alive()) return LivenessPage(liveness_);
  return {.body = "ready\n"};
}

PageReply Readiness::OfTable(const std::string& name) const {
  // Health knows services that are no tables.
  if (tables_.Find(name) == nullptr) {
    return {.code = kNotFound, .body = "there is no table of that name\n"};
  }
  PageReply reply = OfServer();
  if (reply.code == kOk && !status_.Serving(name).value_or(false)) {
    return NotReady("the table has nobody to ask");
  }
  return reply;
}

}  // namespace frontrunner
