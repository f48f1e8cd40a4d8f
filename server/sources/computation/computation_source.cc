#include "server/sources/computation/computation_source.h"

#include <string_view>
#include <utility>

namespace frontrunner {
namespace {

class ComputationSource final : public Source {
 public:
  ComputationSource(Loop& loop, std::shared_ptr<ComputationPool> pool,
                    std::string name)
      : loop_(loop), pool_(std::move(pool)), name_(std::move(name)) {}

  std::string_view name() const override { return name_; }

  std::unique_ptr<Attempt> Start(const Query& query, Done done) override {
    return ComputationPool::Start(pool_, loop_, query, std::move(done));
  }

 private:
  Loop& loop_;
  const std::shared_ptr<ComputationPool> pool_;
  const std::string name_;
};

}  // namespace

std::shared_ptr<Source> MakeComputationSource(
    Loop& loop, std::shared_ptr<ComputationPool> pool, std::string name) {
  return std::make_shared<ComputationSource>(loop, std::move(pool),
                                             std::move(name));
}

}  // namespace frontrunner
