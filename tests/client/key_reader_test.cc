#include "client/key_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <thread>

namespace frontrunner {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Keys = std::vector<std::string>;

class KeyReaderTest : public testing::Test {
 protected:
  KeyReaderTest() { EXPECT_EQ(pipe(pipe_.data()), 0); }
  ~KeyReaderTest() override { CloseWriter(); }

  void Write(const std::string& text) {
    EXPECT_EQ(write(pipe_[1], text.data(), text.size()),
              static_cast<ssize_t>(text.size()));
  }
  void CloseWriter() {
    if (pipe_[1] >= 0) close(pipe_[1]);
    pipe_[1] = -1;
  }
  // All that `text` has, chunk by chunk.
  std::vector<Keys> Read(const std::string& text,
                         const KeyReader::Settings& settings) {
    Write(text);
    CloseWriter();
    KeyReader reader(pipe_[0], settings, interrupt_);
    std::vector<Keys> chunks;
    for (auto keys = reader.Next(); keys.ok() && !keys->empty();
         keys = reader.Next()) {
      chunks.push_back(*std::move(keys));
    }
    keys_ = reader.keys();
    skipped_ = reader.skipped();
    last_ = reader.Next().status();
    return chunks;
  }

  Interrupt interrupt_;
  std::array<int, 2> pipe_ = {-1, -1};
  uint64_t keys_ = 0;
  uint64_t skipped_ = 0;
  absl::Status last_;
};

TEST_F(KeyReaderTest, ALineIsAKeyAndEmptyOnesAreCounted) {
  EXPECT_THAT(Read("a\n\nb b\n\n\nc", {}), ElementsAre(Keys{"a", "b b", "c"}));
  EXPECT_EQ(keys_, 3U);
  EXPECT_EQ(skipped_, 3U);
  EXPECT_TRUE(last_.ok());
}

TEST_F(KeyReaderTest, WithNulLineFeedsBelongToKeys) {
  EXPECT_THAT(Read(std::string("a\nb\0c\0", 6), {.separator = '\0'}),
              ElementsAre(Keys{"a\nb", "c"}));
}

TEST_F(KeyReaderTest, NothingIsNoKey) {
  EXPECT_THAT(Read("", {}), IsEmpty());
  EXPECT_TRUE(last_.ok());
}

TEST_F(KeyReaderTest, ChunksAreBoundedByKeysAndByBytes) {
  EXPECT_THAT(Read("a\nb\nc\nd\n", {.max_keys = 3}),
              ElementsAre(Keys{"a", "b", "c"}, Keys{"d"}));
}

TEST_F(KeyReaderTest, AChunkEndsWhenItHasEnoughBytes) {
  EXPECT_THAT(Read("aaa\nbbb\nccc\n", {.max_bytes = 4}),
              ElementsAre(Keys{"aaa", "bbb"}, Keys{"ccc"}));
}

TEST_F(KeyReaderTest, AKeyThatIsTooLongFailsAfterThoseBeforeIt) {
  EXPECT_THAT(Read("a\n12345\nb\n", {.max_bytes = 4}), ElementsAre(Keys{"a"}));
  EXPECT_EQ(last_.message(), "key number 2 is longer than 4 bytes");
}

TEST_F(KeyReaderTest, AKeyWithoutEndIsNotReadWhole) {
  EXPECT_THAT(Read(std::string(60'000, 'x'), {.max_bytes = 1000}), IsEmpty());
  EXPECT_TRUE(absl::IsInvalidArgument(last_));
}

TEST_F(KeyReaderTest, ManyPiecesAreReadAsOne) {
  std::thread writer([this] {
    for (int i = 0; i < 50'000; ++i) Write("key" + std::to_string(i) + "\n");
    CloseWriter();
  });
  KeyReader reader(pipe_[0], {}, interrupt_);
  uint64_t seen = 0;
  for (auto keys = reader.Next(); keys.ok() && !keys->empty();
       keys = reader.Next()) {
    for (const std::string& key : *keys) {
      ASSERT_EQ(key, "key" + std::to_string(seen++));
    }
  }
  writer.join();
  EXPECT_EQ(seen, 50'000U);
}

TEST_F(KeyReaderTest, AnInterruptionEndsTheWaitingForMore) {
  KeyReader reader(pipe_[0], {}, interrupt_);
  Write("a\nb");
  // To the process: the fixture blocked it for every thread.
  kill(getpid(), SIGINT);
  EXPECT_TRUE(absl::IsCancelled(reader.Next().status()));
}

TEST_F(KeyReaderTest, AFileThatIsNotThereIsTold) {
  EXPECT_EQ(KeyReader::Open("/nowhere", {}, interrupt_).status().message(),
            "cannot read '/nowhere': No such file or directory");
  const auto directory = KeyReader::Open("/", {}, interrupt_);
  ASSERT_TRUE(directory.ok());
  EXPECT_FALSE((*directory)->Next().ok());
  close(pipe_[0]);
}

}  // namespace
}  // namespace frontrunner
