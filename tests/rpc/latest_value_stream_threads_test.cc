// Offers, ended writes and ends that meet: whoever is first, messages come in
// order and the call is finished once.

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <random>
#include <string>
#include <thread>

#include "server/rpc/latest_value_stream.h"
#include "tests/fakes/fake_call.h"

namespace frontrunner {
namespace {

/// One thread offers, one is the edge, and one may end the call at any moment.
/// The fake call fails the test if two write at once or finish twice.
void Race(std::minstd_rand& random, bool may_abort) {
  constexpr int kOffers = 20;
  FakeServerCall call({});
  std::atomic<int> over{0};
  const auto stream = std::make_shared<LatestValueStream>(call);
  std::thread edge([&] {
    while (!call.finished()) {
      if (call.writing()) call.CompleteWrite();
      std::this_thread::yield();
    }
  });
  std::thread ender([&, when = may_abort ? random() % kOffers : kOffers] {
    for (size_t i = 0; i < when; ++i) std::this_thread::yield();
    if (when % 2 == 1) call.Cancel();
    if (may_abort) stream->Abort({.code = absl::StatusCode::kUnavailable});
  });
  stream->Begin([&over] { ++over; });
  for (int i = 0; i < kOffers; ++i) {
    stream->Offer([i] { return std::string(1, static_cast<char>('a' + i)); });
  }
  stream->Finish({});
  edge.join();
  ender.join();
  EXPECT_EQ(over, 1);
  std::string all;
  for (const std::string& message : call.written()) all += message;
  for (size_t i = 1; i < all.size(); ++i) EXPECT_LT(all[i - 1], all[i]) << all;
  if (!may_abort) {
    ASSERT_FALSE(all.empty());
    EXPECT_EQ(all.back(), 'a' + kOffers - 1);
  }
}

TEST(LatestValueStreamThreads, WriteInOrderAndFinishOnce) {
  std::minstd_rand random(1);  // NOLINT: the same choices each time
  for (int i = 0; i < 300; ++i) {
    Race(random, /*may_abort=*/false);
    Race(random, /*may_abort=*/true);
  }
}

}  // namespace
}  // namespace frontrunner
