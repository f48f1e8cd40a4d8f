#include "server/wrappers/max_value.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/wrappers/wrapped.h"

namespace frontrunner {
namespace {

class MaxValue final : public Wrapped {
 public:
  MaxValue(size_t max_bytes, std::shared_ptr<Source> inner)
      : Wrapped(std::move(inner)), max_bytes_(max_bytes) {}

  std::unique_ptr<Attempt> Start(const Query& query, Done done) override {
    return inner().Start(query, [max = max_bytes_, done = std::move(done)](
                                    Outcome outcome) mutable {
      if (outcome.ok() && outcome->bytes && outcome->bytes->size() > max) {
        outcome = absl::ResourceExhaustedError(
            absl::StrCat("a value of ", outcome->bytes->size(),
                         " bytes, above limits.max_value of ", max));
      }
      std::move(done)(std::move(outcome));
    });
  }

 private:
  const size_t max_bytes_;
};

}  // namespace

std::shared_ptr<Source> WithMaxValue(size_t max_bytes,
                                     std::shared_ptr<Source> inner) {
  return std::make_shared<MaxValue>(max_bytes, std::move(inner));
}

}  // namespace frontrunner
