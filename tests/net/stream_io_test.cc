#include "server/net/stream_io.h"

#include <event2/event.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace frontrunner {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr IoResult kWantRead{.kind = IoResult::kWantRead};
constexpr IoResult kWantWrite{.kind = IoResult::kWantWrite};
constexpr IoResult kClosed{.kind = IoResult::kClosed};
constexpr IoResult kReset{.kind = IoResult::kFailed, .error = ECONNRESET};

constexpr IoResult Moved(size_t bytes) {
  return {.kind = IoResult::kDone, .bytes = bytes};
}

/// What a stream is to do, and what it was asked.
struct Script {
  /// What follows is kWantRead.
  std::deque<IoResult> reads;
  /// What follows takes everything.
  std::deque<IoResult> writes;
  std::vector<size_t> asked_to_read;
  std::string written;
  bool closed = false;
};

class ScriptedStream final : public ByteStream {
 public:
  ScriptedStream(int fd, Script& script) : fd_(fd), script_(script) {}
  ~ScriptedStream() override { script_.closed = true; }

  IoResult Read(char* to, size_t size) override {
    script_.asked_to_read.push_back(size);
    const IoResult result = Next(script_.reads, kWantRead);
    std::fill_n(to, result.bytes, 'x');
    return result;
  }
  IoResult Write(const char* from, size_t size) override {
    const IoResult result = Next(script_.writes, Moved(size));
    script_.written.append(from, result.bytes);
    return result;
  }
  int fd() const override { return fd_; }

 private:
  static IoResult Next(std::deque<IoResult>& from, IoResult otherwise) {
    if (from.empty()) return otherwise;
    const IoResult next = from.front();
    from.pop_front();
    return next;
  }

  const int fd_;
  Script& script_;
};

/// A StreamIo on a socket that can always be written to, and be read from when
/// MakeReadable has been called. The test's thread is the loop's.
class StreamIoTest : public ::testing::Test {
 protected:
  StreamIoTest() {
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets_.data()) != 0) std::abort();
    Make(4);
  }
  ~StreamIoTest() override {
    io.reset();
    for (const int fd : sockets_) close(fd);
  }

  void Make(size_t chunk) {
    io = std::make_unique<StreamIo>(
        loop_, std::make_unique<ScriptedStream>(sockets_[0], script), chunk,
        StreamIo::Handlers{.readable =
                               [this] {
                                 calls.push_back("readable");
                                 if (when_readable) when_readable();
                               },
                           .writable =
                               [this] {
                                 calls.push_back("writable");
                                 if (when_writable) when_writable();
                               }});
    ASSERT_TRUE(io->Watch());
    script.closed = false;
  }
  void MakeReadable() { ASSERT_EQ(write(sockets_[1], "x", 1), 1); }
  /// Calls once whatever is ready.
  void Turn() { event_base_loop(loop_.base(), EVLOOP_ONCE | EVLOOP_NONBLOCK); }
  /// The sizes of the pieces that came.
  std::vector<size_t> Read() {
    std::vector<size_t> pieces;
    read_status = io->Read([&](std::string_view bytes) {
      EXPECT_EQ(bytes, std::string(bytes.size(), 'x'));
      pieces.push_back(bytes.size());
      return true;
    });
    return pieces;
  }

  Script script;
  std::unique_ptr<StreamIo> io;
  std::vector<std::string> calls;
  std::function<void()> when_readable;
  std::function<void()> when_writable;
  absl::Status read_status;

 private:
  EventLoop loop_{{}};
  std::array<int, 2> sockets_;
};

TEST_F(StreamIoTest, WritesHoweverLittleTheSocketTakesAtATime) {
  script.writes = {Moved(1), Moved(3)};
  io->out() += "command";
  EXPECT_TRUE(io->Write().ok());
  EXPECT_EQ(script.written, "command");
  EXPECT_EQ(io->unwritten(), 0u);
  io->out() += "more";
  EXPECT_TRUE(io->Write().ok());
  EXPECT_EQ(script.written, "commandmore");
  Turn();
  EXPECT_THAT(calls, IsEmpty());
}

TEST_F(StreamIoTest, WritesOnWhenAFullSocketCanTakeMore) {
  script.writes = {Moved(3), kWantWrite};
  io->out() += "command";
  EXPECT_TRUE(io->Write().ok());
  EXPECT_EQ(io->unwritten(), 4u);
  EXPECT_TRUE(io->waits_for_writable());
  EXPECT_THAT(calls, IsEmpty());
  when_writable = [&] {
    EXPECT_FALSE(io->waits_for_writable());
    EXPECT_TRUE(io->Write().ok());
  };
  Turn();
  Turn();
  EXPECT_THAT(calls, ElementsAre("writable"));
  EXPECT_EQ(script.written, "command");
}

TEST_F(StreamIoTest, AWriteThatMustReadFirstGoesOnAfterTheRead) {
  script.writes = {kWantRead};
  io->out() += "command";
  EXPECT_TRUE(io->Write().ok());
  Turn();
  EXPECT_THAT(calls, IsEmpty());
  MakeReadable();
  script.reads = {Moved(1)};
  when_readable = [&] { EXPECT_THAT(Read(), ElementsAre(1)); };
  when_writable = [&] { EXPECT_TRUE(io->Write().ok()); };
  Turn();
  when_readable = nullptr;
  Turn();
  EXPECT_THAT(calls, ElementsAre("readable", "writable", "readable"));
  EXPECT_EQ(script.written, "command");
  // That was all: the next read is not followed by anything.
  EXPECT_THAT(Read(), IsEmpty());
  EXPECT_FALSE(io->waits_for_writable());
}

TEST_F(StreamIoTest, AReadThatMustWriteFirstWaitsForTheSocket) {
  script.reads = {kWantWrite};
  EXPECT_THAT(Read(), IsEmpty());
  EXPECT_TRUE(read_status.ok());
  EXPECT_TRUE(io->waits_for_writable());
  Turn();
  EXPECT_THAT(calls, ElementsAre("writable"));
}

TEST_F(StreamIoTest, IsCalledAsLongAsThereIsSomethingToRead) {
  MakeReadable();
  Turn();
  Turn();
  EXPECT_THAT(calls, ElementsAre("readable", "readable"));
}

TEST_F(StreamIoTest, ReadsAChunkAtATimeUntilAShortOne) {
  script.reads = {Moved(4), Moved(4), Moved(3), Moved(4)};
  EXPECT_THAT(Read(), ElementsAre(4, 4, 3));
  EXPECT_THAT(script.asked_to_read, ElementsAre(4, 4, 4));
  EXPECT_THAT(Read(), ElementsAre(4));
  EXPECT_TRUE(read_status.ok());
}

TEST_F(StreamIoTest, LeavesTheLoopToOthersAfterEightReads) {
  script.reads.assign(10, Moved(4));
  EXPECT_THAT(Read(), SizeIs(8));
  EXPECT_THAT(Read(), SizeIs(2));
}

TEST_F(StreamIoTest, ReadsNoMoreAtATimeThanItHasRoomFor) {
  Make(10 * StreamIo::kMaxChunk);
  script.reads.assign(2, Moved(StreamIo::kMaxChunk));
  EXPECT_THAT(Read(), SizeIs(2));
  EXPECT_THAT(script.asked_to_read, Each(StreamIo::kMaxChunk));
}

TEST_F(StreamIoTest, SaysWhyItIsLost) {
  script.reads = {Moved(4), kClosed, kReset};
  EXPECT_THAT(Read(), ElementsAre(4));
  EXPECT_EQ(read_status, absl::UnavailableError("closed by the peer"));
  EXPECT_THAT(Read(), IsEmpty());
  EXPECT_EQ(read_status, absl::UnavailableError("Connection reset by peer"));
  script.writes = {Moved(2), kClosed, kReset};
  io->out() += "command";
  EXPECT_EQ(io->Write(), absl::UnavailableError("closed by the peer"));
  EXPECT_EQ(io->Write(), absl::UnavailableError("Connection reset by peer"));
  EXPECT_EQ(script.written, "co");
}

TEST_F(StreamIoTest, ALargeValueDoesNotKeepItsMemory) {
  Make(1024);
  io->out().reserve(4 * 1024);
  const size_t usual = io->out().capacity();
  io->out() += "command";
  EXPECT_TRUE(io->Write().ok());
  EXPECT_EQ(io->out().capacity(), usual);
  io->out().append(100'000, 'x');
  EXPECT_TRUE(io->Write().ok());
  EXPECT_LT(io->out().capacity(), usual);
}

TEST_F(StreamIoTest, MayBeDestroyedInWhatItCalls) {
  MakeReadable();
  when_readable = [&] { io.reset(); };
  Turn();
  EXPECT_TRUE(script.closed);
  Make(4);
  script.reads.assign(2, Moved(4));
  EXPECT_TRUE(io->Read([&](std::string_view) {
                  io.reset();
                  return false;
                }).ok());
  EXPECT_THAT(script.reads, SizeIs(1));
  Make(4);
  script.writes = {kWantWrite};
  io->out() += "command";
  EXPECT_TRUE(io->Write().ok());
  when_readable = nullptr;
  when_writable = [&] { io.reset(); };
  Turn();
  EXPECT_TRUE(script.closed);
}

TEST_F(StreamIoTest, DestroyedItCallsNobody) {
  MakeReadable();
  script.writes = {kWantWrite};
  io->out() += "command";
  EXPECT_TRUE(io->Write().ok());
  io.reset();
  EXPECT_TRUE(script.closed);
  Turn();
  EXPECT_THAT(calls, IsEmpty());
  EXPECT_EQ(script.written, "");
}

}  // namespace
}  // namespace frontrunner
