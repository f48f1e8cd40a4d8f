#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>

#include "server/prefetch/journal.h"
#include "tests/prefetch/temp_dir.h"

namespace frontrunner {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::SizeIs;

constexpr WallTime kNow{std::chrono::hours(24 * 365 * 56)};

absl::StatusOr<uint64_t> Accept(Journal& journal, const std::string& id,
                                std::vector<std::string> keys) {
  PrefetchKeys request;
  request.id = id;
  request.table = "t";
  request.keys = std::move(keys);
  if (auto status = journal.Begin(); !status.ok()) return status;
  const auto accepted = journal.Accept(request, kNow);
  if (!accepted.ok()) return accepted.status();
  if (auto status = journal.Commit(); !status.ok()) return status;
  return accepted->keys;
}

/// A key that shows whether it is whole.
std::string WholeKey(uint64_t number) {
  return std::to_string(number) + ":" +
         std::string(100 + number % 400, static_cast<char>('a' + number % 26));
}

class DamagedJournal : public testing::Test {
 protected:
  /// A journal of some size, closed in good order.
  void Fill() {
    auto opened = Journal::Open(dir_.path(), kNow);
    ASSERT_TRUE(opened.ok()) << opened.status();
    std::vector<std::string> keys;
    for (uint64_t i = 0; i < 2000; ++i) keys.push_back(WholeKey(i));
    ASSERT_TRUE(Accept(*opened->journal, "a", keys).ok());
  }

  void Sql(const char* statements) const {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(db_.c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, statements, nullptr, nullptr, nullptr),
              SQLITE_OK);
    sqlite3_close(database);
  }

  void Overwrite(std::streamoff at, const std::string& bytes) const {
    std::fstream file(db_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(at);
    file << bytes;
  }

  /// It is set aside, under a name that says when, and a new one works.
  void ExpectSetAside() {
    {
      auto opened = Journal::Open(dir_.path(), kNow);
      ASSERT_TRUE(opened.ok()) << opened.status();
      EXPECT_THAT(opened->note, HasSubstr("is damaged"));
      EXPECT_THAT(opened->note, HasSubstr("prefetch.db.damaged-2025"));
      EXPECT_TRUE(fs::exists(aside_)) << aside_;
      EXPECT_THAT(*opened->journal->ReadAll(), SizeIs(0));
      EXPECT_TRUE(Accept(*opened->journal, "b", {"k"}).ok());
    }
    auto again = Journal::Open(dir_.path(), kNow);
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->note, "");
    EXPECT_THAT(*again->journal->ReadAll(), SizeIs(1));
  }

  TempDir dir_;
  const std::string db_ = dir_.file("prefetch.db");
  const std::string aside_ = dir_.file("prefetch.db.damaged-20251218T000000Z");
};

TEST_F(DamagedJournal, AFileThatIsNoDatabase) {
  std::ofstream(db_) << std::string(10000, 'x');
  ExpectSetAside();
  EXPECT_EQ(fs::file_size(aside_), 10000U);
}

TEST_F(DamagedJournal, AShortFile) {
  std::ofstream(db_) << "SQLite format 3";
  ExpectSetAside();
}

TEST_F(DamagedJournal, OneCutInTheMiddle) {
  Fill();
  fs::resize_file(db_, fs::file_size(db_) / 2);
  ExpectSetAside();
}

TEST_F(DamagedJournal, OneWithRubbishInThePages) {
  Fill();
  Overwrite(static_cast<std::streamoff>(fs::file_size(db_) / 2),
            std::string(9000, '\x5a'));
  ExpectSetAside();
}

TEST_F(DamagedJournal, OneWithRubbishInTheHeader) {
  Fill();
  Overwrite(16, std::string(60, '\xff'));
  ExpectSetAside();
}

TEST_F(DamagedJournal, OneOfALaterVersion) {
  Fill();
  Sql("PRAGMA user_version = 2");
  ExpectSetAside();
}

TEST_F(DamagedJournal, SomebodyElsesDatabase) {
  Sql("CREATE TABLE theirs(x)");
  ExpectSetAside();
}

TEST_F(DamagedJournal, OneThatLacksATable) {
  Fill();
  Sql("DROP TABLE pending");
  ExpectSetAside();
}

TEST_F(DamagedJournal, OneCutToNothingBesideItsWal) {
  {
    auto opened = Journal::Open(dir_.path(), kNow);
    ASSERT_TRUE(Accept(*opened->journal, "a", {"k"}).ok());
    fs::copy_file(db_ + "-wal", dir_.file("saved"));
  }
  fs::resize_file(db_, 0);
  fs::rename(dir_.file("saved"), db_ + "-wal");
  ExpectSetAside();
  EXPECT_TRUE(fs::exists(aside_ + "-wal"));
}

TEST_F(DamagedJournal, TwoInOneSecondHaveTwoNames) {
  std::ofstream(db_) << std::string(10000, 'x');
  ExpectSetAside();
  std::ofstream(db_) << std::string(10000, 'y');
  ASSERT_TRUE(Journal::Open(dir_.path(), kNow).ok());
  EXPECT_TRUE(fs::exists(aside_ + "-2"));
}

TEST_F(DamagedJournal, AnEmptyFileIsANewJournal) {
  std::ofstream(db_).flush();
  const auto opened = Journal::Open(dir_.path(), kNow);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->note, "");
}

/// In a child process: accepts and ends keys for ever, telling `out` the number
/// of keys whenever they have been acknowledged.
[[noreturn]] void WriteForEver(const std::string& dir, int out) {
  auto opened = Journal::Open(dir, kNow);
  if (!opened.ok()) _exit(1);
  Journal& journal = *opened->journal;
  uint64_t number = 0;
  const auto records = journal.ReadAll();
  if (!records.ok()) _exit(2);
  if (!records->empty()) number = records->front().accepted;
  for (;;) {
    std::vector<std::string> keys;
    for (int i = 0; i < 50; ++i) keys.push_back(WholeKey(++number));
    const auto accepted = Accept(journal, "a", keys);
    if (!accepted.ok() || *accepted != number) _exit(3);
    if (write(out, &number, sizeof number) != sizeof number) _exit(4);
  }
}

TEST(JournalFaults, Fault53_KilledInMidWriteNothingIsLostOrTorn) {
  TempDir dir;
  uint64_t acknowledged = 0;
  for (int round = 0; round < 8; ++round) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      close(ends[0]);
      WriteForEver(dir.path(), ends[1]);
    }
    close(ends[1]);
    // Dies in the middle of whatever comes after these.
    for (int i = 0; i < 5 + 3 * round; ++i) {
      ASSERT_EQ(read(ends[0], &acknowledged, sizeof acknowledged),
                static_cast<ssize_t>(sizeof acknowledged));
    }
    usleep(static_cast<useconds_t>(round) * 700);
    kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    while (read(ends[0], &acknowledged, sizeof acknowledged) > 0) {
    }
    close(ends[0]);

    auto opened = Journal::Open(dir.path(), kNow);
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ(opened->note, "");
    const auto records = opened->journal->ReadAll();
    ASSERT_THAT(*records, SizeIs(1));
    const uint64_t accepted = records->front().accepted;
    EXPECT_GE(accepted, acknowledged);
    EXPECT_EQ(accepted % 50, 0U) << "half a call";
    const auto keys = opened->journal->ReadPending(records->front().number, 0,
                                                   10000000, size_t{1} << 30);
    ASSERT_TRUE(keys.ok());
    ASSERT_THAT(*keys, SizeIs(accepted));
    for (uint64_t i = 0; i < accepted; ++i) {
      ASSERT_EQ((*keys)[i].seq, i + 1);
      ASSERT_EQ((*keys)[i].key, WholeKey(i + 1));
    }
  }
}

}  // namespace
}  // namespace frontrunner
