#include "server/prefetch/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <limits>

#include "tests/prefetch/temp_dir.h"

namespace frontrunner {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr WallTime kNow{std::chrono::hours(24 * 365 * 56)};
constexpr size_t kAll = 1000000;

class JournalTest : public testing::Test {
 protected:
  JournalTest() { Reopen(); }

  void Reopen() {
    journal_.reset();
    auto opened = Journal::Open(dir_.path(), kNow);
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ(opened->note, "");
    journal_ = std::move(opened->journal);
  }

  /// What happens between Begin and Commit.
  template <typename Work>
  void Transaction(Work work) {
    ASSERT_TRUE(journal_->Begin().ok());
    work();
    const auto status = journal_->Commit();
    ASSERT_TRUE(status.ok()) << status;
  }

  Journal::Accepted Accept(const std::string& id, std::vector<std::string> keys,
                           bool last = false, const std::string& table = "t") {
    PrefetchKeys request;
    request.id = id;
    request.table = table;
    request.keys = std::move(keys);
    request.last = last;
    Journal::Accepted accepted;
    Transaction([&] {
      auto result = journal_->Accept(request, kNow);
      ASSERT_TRUE(result.ok()) << result.status();
      accepted = *result;
    });
    return accepted;
  }

  void End(int64_t number, uint64_t seq,
           const absl::Status& how = absl::OkStatus()) {
    Transaction([&] {
      ASSERT_TRUE(journal_->End(number, seq, how).ok());
      ASSERT_TRUE(journal_->FinishIfDone(number, kNow).ok());
    });
  }

  std::vector<std::string> Pending(int64_t number, uint64_t after = 0,
                                   size_t max_keys = kAll,
                                   size_t max_bytes = kAll) {
    const auto keys = journal_->ReadPending(number, after, max_keys, max_bytes);
    EXPECT_TRUE(keys.ok()) << keys.status();
    std::vector<std::string> texts;
    for (const PendingKey& key : *keys) {
      texts.push_back(std::to_string(key.seq) + "=" + key.key);
    }
    return texts;
  }

  TempDir dir_;
  std::unique_ptr<Journal> journal_;
};

TEST_F(JournalTest, AcceptedKeysAreThereAfterReopening) {
  const auto accepted = Accept("a", {"x", "y"});
  EXPECT_TRUE(accepted.verdict.ok());
  EXPECT_EQ(accepted.keys, 2U);
  Reopen();
  EXPECT_THAT(Pending(accepted.number), ElementsAre("1=x", "2=y"));
  const auto records = journal_->ReadAll();
  ASSERT_EQ(records->size(), 1U);
  EXPECT_EQ(records->front().id, "a");
  EXPECT_EQ(records->front().table, "t");
  EXPECT_EQ(records->front().priority, 100);
  EXPECT_EQ(records->front().accepted, 2U);
  EXPECT_FALSE(records->front().complete);
}

TEST_F(JournalTest, AKeyIsCountedOnceInAPrefetchEvenAfterItsEnd) {
  const auto first = Accept("a", {"x", "y", "x"});
  EXPECT_EQ(first.keys, 2U);
  End(first.number, 1);
  EXPECT_EQ(Accept("a", {"x", "y"}).keys, 2U);
  EXPECT_EQ(Accept("a", {"z"}).keys, 3U);
  EXPECT_THAT(Pending(first.number), ElementsAre("2=y", "3=z"));
  EXPECT_EQ(Accept("b", {"x"}).keys, 1U);
}

TEST_F(JournalTest, KeysMayBeAnyBytes) {
  const std::string odd("\0'\xff;--\n", 7);
  const std::string long_key(size_t{64} << 10, '\x80');
  const auto accepted = Accept("a", {odd, long_key});
  Reopen();
  EXPECT_THAT(Pending(accepted.number),
              ElementsAre("1=" + odd, "2=" + long_key));
}

TEST_F(JournalTest, AfterTheLastNothingIsAcceptedButTheLastAgain) {
  const auto last = Accept("a", {"x", "y"}, true);
  const auto again = Accept("a", {"x", "y"}, true);
  EXPECT_TRUE(again.verdict.ok());
  EXPECT_EQ(again.keys, 2U);
  EXPECT_TRUE(absl::IsFailedPrecondition(Accept("a", {"z"}).verdict));
  EXPECT_TRUE(absl::IsFailedPrecondition(Accept("a", {"x"}, true).verdict));
  EXPECT_TRUE(
      absl::IsFailedPrecondition(Accept("a", {"x", "y"}, false).verdict));
  EXPECT_THAT(Pending(last.number), ElementsAre("1=x", "2=y"));
}

TEST_F(JournalTest, TheLastAgainIsWelcomeEvenWhenAllIsFinished) {
  const auto last = Accept("a", {"x"}, true);
  End(last.number, 1);
  EXPECT_EQ(Accept("a", {"x"}, true).keys, 1U);
  EXPECT_THAT(Pending(last.number), IsEmpty());
}

TEST_F(JournalTest, AnIdIsOfOneTable) {
  Accept("a", {"x"});
  EXPECT_TRUE(
      absl::IsFailedPrecondition(Accept("a", {"y"}, false, "u").verdict));
  EXPECT_EQ(Accept("a", {}).keys, 1U);
}

TEST_F(JournalTest, ACancelledOneTakesNoMore) {
  const auto accepted = Accept("a", {"x"});
  Transaction([&] { ASSERT_TRUE(journal_->Cancel(accepted.number).ok()); });
  EXPECT_TRUE(absl::IsFailedPrecondition(Accept("a", {"x"}).verdict));
  EXPECT_TRUE(journal_->Read(accepted.number)->cancelled);
}

TEST_F(JournalTest, AnEndLeavesThePendingAndIsCounted) {
  const auto accepted = Accept("a", {"u", "v", "w", "x"}, true);
  End(accepted.number, 2);
  End(accepted.number, 1, absl::UnavailableError("first"));
  End(accepted.number, 4, absl::UnavailableError("second"));
  EXPECT_THAT(Pending(accepted.number), ElementsAre("3=w"));
  EXPECT_FALSE(journal_->Read(accepted.number)->finished);
  End(accepted.number, 3, absl::NotFoundError("none"));
  Reopen();
  const auto record = journal_->Read(accepted.number);
  EXPECT_EQ(record->stored, 1U);
  EXPECT_EQ(record->failed, 3U);
  EXPECT_TRUE(record->finished);
  EXPECT_EQ(record->finished_at, kNow);
  ASSERT_EQ(record->failures.size(), 2U);
  EXPECT_EQ(record->failures[0].code, absl::StatusCode::kNotFound);
  EXPECT_EQ(record->failures[1].count, 2U);
  EXPECT_EQ(record->failures[1].message, "first");
}

TEST_F(JournalTest, WhatIsRolledBackHasNotBeen) {
  const auto accepted = Accept("a", {"x"});
  ASSERT_TRUE(journal_->Begin().ok());
  PrefetchKeys more;
  more.id = "a";
  more.table = "t";
  more.keys = {"y"};
  ASSERT_TRUE(journal_->Accept(more, kNow).ok());
  ASSERT_TRUE(journal_->End(accepted.number, 1, absl::OkStatus()).ok());
  journal_->Rollback();
  EXPECT_THAT(Pending(accepted.number), ElementsAre("1=x"));
  EXPECT_EQ(journal_->Read(accepted.number)->accepted, 1U);
}

TEST_F(JournalTest, PendingKeysAreReadInBoundedParts) {
  const auto a = Accept("a", {"aaaa", "bbbb", "cccc"});
  Accept("b", {"other"});
  EXPECT_THAT(Pending(a.number, 0, 2), ElementsAre("1=aaaa", "2=bbbb"));
  EXPECT_THAT(Pending(a.number, 2, 2), ElementsAre("3=cccc"));
  EXPECT_THAT(Pending(a.number, 0, kAll, 3), ElementsAre("1=aaaa"));
  EXPECT_THAT(Pending(a.number, 3), IsEmpty());
}

TEST_F(JournalTest, KeysAreClearedInParts) {
  const auto a = Accept("a", {"x", "y", "z"}, true);
  const auto b = Accept("b", {"x"});
  Transaction([&] { EXPECT_TRUE(*journal_->ClearKeys(a.number, 2)); });
  EXPECT_EQ(Pending(a.number).size(), 1U);
  Transaction([&] { EXPECT_TRUE(*journal_->ClearKeys(a.number, 2)); });
  Transaction([&] { EXPECT_FALSE(*journal_->ClearKeys(a.number, 2)); });
  EXPECT_THAT(Pending(a.number), IsEmpty());
  EXPECT_THAT(Pending(b.number), ElementsAre("1=x"));
}

TEST_F(JournalTest, ANumberIsNeverUsedAgain) {
  const auto first = Accept("a", {}, true);
  Transaction([&] { ASSERT_TRUE(journal_->Forget(first.number).ok()); });
  EXPECT_THAT(*journal_->ReadAll(), IsEmpty());
  EXPECT_GT(Accept("a", {"x"}).number, first.number);
}

TEST_F(JournalTest, ItsFilesAreForTheOwnerAlone) {
  Accept("a", {"x"});
  for (const auto& entry : std::filesystem::directory_iterator(dir_.path())) {
    struct stat about {};
    ASSERT_EQ(stat(entry.path().c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777U, 0600U) << entry.path();
  }
  EXPECT_TRUE(std::filesystem::exists(dir_.file("prefetch.db-wal")));
}

TEST(JournalDirectory, IsMadeForTheOwnerAlone) {
  TempDir dir;
  const std::string path = dir.file("new/state");
  ASSERT_TRUE(Journal::Open(path, kNow).ok());
  struct stat about {};
  ASSERT_EQ(stat(path.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0700U);
}

TEST(JournalDirectory, BelongsToOneAtATime) {
  TempDir dir;
  auto first = Journal::Open(dir.path(), kNow);
  ASSERT_TRUE(first.ok());
  const auto second = Journal::Open(dir.path(), kNow);
  EXPECT_TRUE(absl::IsFailedPrecondition(second.status()));
  EXPECT_THAT(std::string(second.status().message()),
              HasSubstr("in use by another server"));
  first->journal.reset();
  EXPECT_TRUE(Journal::Open(dir.path(), kNow).ok());
}

TEST(JournalDirectory, OneThatCannotBeIsToldByItsName) {
  const auto opened = Journal::Open("/dev/null/state", kNow);
  EXPECT_TRUE(absl::IsUnavailable(opened.status()));
  EXPECT_THAT(std::string(opened.status().message()),
              HasSubstr("/dev/null/state"));
}

}  // namespace
}  // namespace frontrunner
