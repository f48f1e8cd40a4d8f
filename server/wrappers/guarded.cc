#include "server/wrappers/guarded.h"

#include <utility>

#include "server/race/guarded_start.h"
#include "server/wrappers/wrapped.h"

namespace frontrunner {
namespace {

class Guard final : public Wrapped {
 public:
  Guard(Loop& loop, std::shared_ptr<Source> inner)
      : Wrapped(std::move(inner)), loop_(loop) {}

  std::unique_ptr<Attempt> Start(const Query& query, Done done) override {
    return StartGuarded(loop_, inner(), query, std::move(done));
  }

 private:
  Loop& loop_;
};

}  // namespace

std::shared_ptr<Source> WithGuard(Loop& loop, std::shared_ptr<Source> inner) {
  return std::make_shared<Guard>(loop, std::move(inner));
}

}  // namespace frontrunner
