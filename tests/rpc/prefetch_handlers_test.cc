#include "server/rpc/prefetch_handlers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <utility>

#include "frontrunner/v1/admin.pb.h"
#include "tests/rpc/handler_rig.h"

namespace frontrunner {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Keeps what it is asked until the test answers.
class FakeControl final : public PrefetchControl {
 public:
  void Accept(
      PrefetchKeys keys,
      absl::AnyInvocable<void(absl::StatusOr<uint64_t>) &&> done) override {
    accepted.push_back(std::move(keys));
    std::move(done)(verdict.ok() ? absl::StatusOr<uint64_t>(42) : verdict);
  }
  void List(
      absl::AnyInvocable<void(absl::StatusOr<std::vector<PrefetchView>>) &&>
          done) override {
    std::move(done)(std::vector<PrefetchView>{view, view});
  }
  void Cancel(
      std::string id,
      absl::AnyInvocable<void(absl::StatusOr<PrefetchView>) &&> done) override {
    view.id = id;
    std::move(done)(verdict.ok() ? absl::StatusOr<PrefetchView>(view)
                                 : verdict);
  }
  uint64_t Watch(
      std::string /*id*/,
      absl::AnyInvocable<void(absl::StatusOr<PrefetchView>)> changed) override {
    changed(verdict.ok() ? absl::StatusOr<PrefetchView>(view) : verdict);
    watches.emplace(++next, std::move(changed));
    return next;
  }
  void Unwatch(uint64_t watch) override { forgotten.push_back(watch); }

  void Change(uint64_t stored, bool finished = false) {
    view.stored = stored;
    view.finished = finished;
    for (auto& [watch, changed] : watches) changed(view);
  }

  std::vector<PrefetchKeys> accepted;
  absl::Status verdict;
  PrefetchView view;
  std::map<uint64_t, absl::AnyInvocable<void(absl::StatusOr<PrefetchView>)>>
      watches;
  std::vector<uint64_t> forgotten;
  uint64_t next = 0;
};

class PrefetchHandlersTest : public ::testing::Test {
 protected:
  PrefetchHandlersTest() {
    control_.view.id = "a";
    control_.view.table = "t";
  }

  Handler& HandlerOf(const std::string& method) {
    for (const Route& route : handlers_.routes()) {
      if (route.method == "/frontrunner.v1.AdminService/" + method) {
        return *route.handler;
      }
    }
    ADD_FAILURE() << "no " << method;
    std::abort();
  }

  template <typename Request>
  std::unique_ptr<FakeServerCall> Call(const std::string& method,
                                       const Request& request,
                                       bool cancelled_before = false) {
    auto call = std::make_unique<FakeServerCall>(
        FakeServerCall::Settings{.request = request.SerializeAsString(),
                                 .cancelled_before = cancelled_before});
    HandlerOf(method).Handle(*call);
    return call;
  }

  static v1::PrefetchRequest RequestOf(std::vector<std::string> keys,
                                       const std::string& id = "a") {
    v1::PrefetchRequest request;
    request.set_id(id);
    request.set_table("t");
    for (const auto& key : keys) request.add_keys(key);
    return request;
  }

  std::unique_ptr<FakeServerCall> Watch(bool cancelled_before = false) {
    v1::WatchPrefetchRequest request;
    request.set_id("a");
    return Call("WatchPrefetch", request, cancelled_before);
  }

  static std::vector<uint64_t> StoredIn(const FakeServerCall& call) {
    std::vector<uint64_t> stored;
    for (const auto& message : call.written()) {
      v1::PrefetchProgress progress;
      EXPECT_TRUE(progress.ParseFromString(message));
      stored.push_back(progress.stored());
    }
    return stored;
  }

  static HandlerRig::Settings RigSettings() {
    HandlerRig::Settings settings;
    settings.limits.max_batch = 3;
    settings.limits.max_key = 10;
    settings.limits.max_watchers = 2;
    settings.store = std::make_shared<FakeSource>("cache");
    settings.write_back = true;
    return settings;
  }

  HandlerRig rig_{RigSettings()};
  FakeControl control_;
  PrefetchHandlers handlers_{rig_.parts(), &control_};
};

TEST_F(PrefetchHandlersTest, KeysAreHandedOn) {
  auto request = RequestOf({"x", "y"});
  request.set_priority(-3);
  request.set_last(true);
  const auto call = Call("Prefetch", request);
  v1::PrefetchResponse response;
  ASSERT_TRUE(response.ParseFromString(call->reply().response));
  EXPECT_EQ(response.accepted(), 42U);
  ASSERT_THAT(control_.accepted, SizeIs(1));
  EXPECT_EQ(control_.accepted[0].id, "a");
  EXPECT_EQ(control_.accepted[0].table, "t");
  EXPECT_THAT(control_.accepted[0].keys, ElementsAre("x", "y"));
  EXPECT_EQ(control_.accepted[0].priority, -3);
  EXPECT_TRUE(control_.accepted[0].last);
}

TEST_F(PrefetchHandlersTest, ThePriorityIsAHundredUnlessSaid) {
  Call("Prefetch", RequestOf({"x"}));
  EXPECT_EQ(control_.accepted[0].priority, 100);
  auto urgent = RequestOf({"x"});
  urgent.set_priority(0);
  Call("Prefetch", urgent);
  EXPECT_EQ(control_.accepted[1].priority, 0);
  EXPECT_FALSE(control_.accepted[1].last);
}

TEST_F(PrefetchHandlersTest, WhatARequestMayNotSayIsRefused) {
  for (const auto& bad : {std::string(), std::string("a b"),
                          std::string(65, 'x'), std::string("a/b")}) {
    const auto call = Call("Prefetch", RequestOf({"x"}, bad));
    EXPECT_EQ(Unpack(call->reply()).info.reason(), "INVALID_REQUEST") << bad;
  }
  EXPECT_EQ(
      Unpack(Call("Prefetch", RequestOf({"x", ""}))->reply()).info.reason(),
      "INVALID_KEY");
  EXPECT_EQ(Unpack(Call("Prefetch", RequestOf({"12345678901"}))->reply())
                .info.reason(),
            "INVALID_KEY");
  EXPECT_EQ(Unpack(Call("Prefetch", RequestOf({"1", "2", "3", "4"}))->reply())
                .info.reason(),
            "INVALID_REQUEST");
  auto unknown = RequestOf({"x"});
  unknown.set_table("u");
  EXPECT_EQ(Unpack(Call("Prefetch", unknown)->reply()).info.reason(),
            "UNKNOWN_TABLE");
  EXPECT_THAT(control_.accepted, IsEmpty());
}

TEST_F(PrefetchHandlersTest, AnIdMayHaveLettersDigitsAndThreeSigns) {
  Call("Prefetch", RequestOf({"x"}, "Az09-_." + std::string(57, 'z')));
  EXPECT_THAT(control_.accepted, SizeIs(1));
}

TEST_F(PrefetchHandlersTest, ATableThatStoresNothingIsRefused) {
  HandlerRig rig;
  PrefetchHandlers handlers(rig.parts(), &control_);
  FakeServerCall call({.request = RequestOf({"x"}).SerializeAsString()});
  handlers.routes()[0].handler->Handle(call);
  EXPECT_EQ(call.reply().code, absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(call.reply().message, HasSubstr("write_back"));
  EXPECT_THAT(control_.accepted, IsEmpty());
}

TEST_F(PrefetchHandlersTest, WithoutAStateDirEveryMethodIsRefused) {
  PrefetchHandlers handlers(rig_.parts(), nullptr);
  EXPECT_THAT(handlers.routes(), SizeIs(4));
  for (const Route& route : handlers.routes()) {
    FakeServerCall call({});
    route.handler->Handle(call);
    ASSERT_TRUE(call.finished());
    EXPECT_EQ(call.reply().code, absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(call.reply().message, HasSubstr("state_dir"));
  }
}

TEST_F(PrefetchHandlersTest, WhatTheControlRefusesIsToldAsItIs) {
  control_.verdict = absl::FailedPreconditionError("It is complete.");
  auto call = Call("Prefetch", RequestOf({"x"}));
  EXPECT_EQ(call->reply().code, absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(call->reply().message, "It is complete.");
  control_.verdict =
      WithRefusal(absl::ResourceExhaustedError("busy"), Refusal::kOverloaded);
  call = Call("Prefetch", RequestOf({"x"}));
  EXPECT_EQ(Unpack(call->reply()).info.reason(), "OVERLOADED");
}

TEST_F(PrefetchHandlersTest, AListHasAllThatIsKnown) {
  control_.view.accepted = 9;
  control_.view.cancelled = 1;
  control_.view.per_second = 2.5;
  control_.view.failures = {
      {.code = absl::StatusCode::kNotFound, .count = 3, .message = "none\xff"}};
  const auto call = Call("ListPrefetches", v1::ListPrefetchesRequest());
  v1::ListPrefetchesResponse response;
  ASSERT_TRUE(response.ParseFromString(call->reply().response));
  ASSERT_EQ(response.prefetches_size(), 2);
  EXPECT_EQ(response.prefetches(0).accepted(), 9U);
  EXPECT_EQ(response.prefetches(0).cancelled(), 1U);
  EXPECT_EQ(response.prefetches(0).per_second(), 2.5);
  ASSERT_EQ(response.prefetches(0).failures_size(), 1);
  EXPECT_EQ(response.prefetches(0).failures(0).code(), 5);
  EXPECT_EQ(response.prefetches(0).failures(0).message(), "none?");
}

TEST_F(PrefetchHandlersTest, CancellingTellsWhatIsLeft) {
  v1::CancelPrefetchRequest request;
  request.set_id("b");
  auto call = Call("CancelPrefetch", request);
  v1::PrefetchProgress progress;
  ASSERT_TRUE(progress.ParseFromString(call->reply().response));
  EXPECT_EQ(progress.id(), "b");
  control_.verdict = absl::NotFoundError("There is none.");
  call = Call("CancelPrefetch", request);
  EXPECT_EQ(call->reply().code, absl::StatusCode::kNotFound);
}

TEST_F(PrefetchHandlersTest, AWatcherSeesEachStateAndTheEnd) {
  const auto call = Watch();
  EXPECT_THAT(StoredIn(*call), ElementsAre(0));
  call->CompleteWrite();
  EXPECT_FALSE(call->writing());
  control_.Change(1);
  call->CompleteWrite();
  control_.Change(2, /*finished=*/true);
  EXPECT_FALSE(call->finished());
  call->CompleteWrite();
  EXPECT_THAT(StoredIn(*call), ElementsAre(0, 1, 2));
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(call->reply().code, absl::StatusCode::kOk);
  EXPECT_EQ(handlers_.watchers(), 0U);
}

TEST_F(PrefetchHandlersTest, AWatcherWhoReadsSlowlyMissesOnlyWhatIsBetween) {
  const auto call = Watch();
  for (uint64_t i = 1; i < 10; ++i) control_.Change(i);
  control_.Change(10, /*finished=*/true);
  call->CompleteWrites();
  EXPECT_THAT(StoredIn(*call), ElementsAre(0, 10));
  EXPECT_TRUE(call->finished());
}

TEST_F(PrefetchHandlersTest, AWatcherWhoGoesIsForgotten) {
  const auto call = Watch();
  call->CompleteWrite();
  EXPECT_FALSE(call->finished());
  call->Cancel();
  EXPECT_TRUE(call->finished());
  EXPECT_THAT(control_.forgotten, ElementsAre(1));
  EXPECT_EQ(handlers_.watchers(), 0U);
  control_.Change(1);
}

TEST_F(PrefetchHandlersTest, AWatcherWhoWasGoneBeforeIsForgotten) {
  const auto call = Watch(/*cancelled_before=*/true);
  EXPECT_TRUE(call->finished());
  EXPECT_THAT(control_.forgotten, ElementsAre(1));
}

TEST_F(PrefetchHandlersTest, AWatcherWhoseConnectionFailsIsForgotten) {
  const auto call = Watch();
  control_.Change(1);
  call->CompleteWrite(/*ok=*/false);
  EXPECT_TRUE(call->finished());
  EXPECT_THAT(StoredIn(*call), ElementsAre(0));
}

TEST_F(PrefetchHandlersTest, AWatchOfNothingIsNotFound) {
  control_.verdict = absl::NotFoundError("There is none.");
  const auto call = Watch();
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(call->reply().code, absl::StatusCode::kNotFound);
}

TEST_F(PrefetchHandlersTest, WatchersAreBoundedAndEndWithTheDrain) {
  const auto first = Watch();
  const auto second = Watch();
  const auto third = Watch();
  EXPECT_EQ(Unpack(third->reply()).info.reason(), "OVERLOADED");
  first->CompleteWrite();
  handlers_.EndWatches();
  ASSERT_TRUE(first->finished());
  EXPECT_EQ(Unpack(first->reply()).info.reason(), "DRAINING");
  EXPECT_FALSE(second->finished());
  second->CompleteWrite();
  EXPECT_TRUE(second->finished());
  EXPECT_EQ(Unpack(Watch()->reply()).info.reason(), "DRAINING");
  EXPECT_EQ(handlers_.watchers(), 0U);
}

}  // namespace
}  // namespace frontrunner
