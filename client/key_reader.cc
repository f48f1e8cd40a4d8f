#include "client/key_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/text.h"

namespace frontrunner {
namespace {

/// A terminal forgets at Ctrl-C what was typed, also what poll has told of, so
/// reading it must not block. It is opened anew for that, since standard input
/// is the shell's too.
int OpenStandardInput() {
  if (isatty(STDIN_FILENO) != 1) return STDIN_FILENO;
  const int fd =
      open("/dev/stdin", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  return fd < 0 ? STDIN_FILENO : fd;
}

}  // namespace

absl::StatusOr<std::unique_ptr<KeyReader>> KeyReader::Open(
    const std::string& path, const Settings& settings,
    const Interrupt& interrupt) {
  // Opening a pipe that nobody writes to must not block.
  const int fd = path == "-"
                     ? OpenStandardInput()
                     : open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    return absl::ErrnoToStatus(
        errno, absl::StrCat("cannot read '", Printable(path), "'"));
  }
  return std::make_unique<KeyReader>(fd, settings, interrupt);
}

KeyReader::KeyReader(int fd, const Settings& settings,
                     const Interrupt& interrupt)
    : fd_(fd), settings_(settings), interrupt_(interrupt) {}

KeyReader::~KeyReader() {
  if (fd_ != STDIN_FILENO) close(fd_);
}

absl::StatusOr<std::vector<std::string>> KeyReader::Next() {
  std::vector<std::string> keys;
  size_t bytes = 0;
  // What was looked at already has no separator.
  size_t from = begin_;
  while (keys.size() < settings_.max_keys && bytes < settings_.max_bytes) {
    size_t end = buffer_.find(settings_.separator, from);
    if (end == std::string::npos && !ended_) {
      if (buffer_.size() - begin_ > settings_.max_bytes) break;
      buffer_.erase(0, std::exchange(begin_, 0));
      from = buffer_.size();
      const auto status = Fill();
      if (!status.ok()) return status;
      continue;
    }
    end = std::min(end, buffer_.size());
    const bool last = end == buffer_.size();
    if (last && end == begin_) return keys;
    if (end - begin_ > settings_.max_bytes) break;
    if (end > begin_) {
      keys.push_back(buffer_.substr(begin_, end - begin_));
      ++keys_;
      bytes += end - begin_;
    } else {
      ++skipped_;
    }
    from = begin_ = last ? end : end + 1;
  }
  // Those before the one that is too long come first.
  if (!keys.empty()) return keys;
  return absl::InvalidArgumentError(
      absl::StrCat("key number ", keys_ + skipped_ + 1, " is longer than ",
                   settings_.max_bytes, " bytes"));
}

absl::Status KeyReader::Fill() {
  std::array<char, size_t{64} * 1024> piece;
  while (true) {
    if (!interrupt_.WaitToRead(fd_)) {
      return absl::CancelledError("interrupted");
    }
    const ssize_t count = read(fd_, piece.data(), piece.size());
    if (count >= 0) {
      ended_ = count == 0;
      buffer_.append(piece.data(), static_cast<size_t>(count));
      return absl::OkStatus();
    }
    if (errno != EINTR && errno != EAGAIN) {
      return absl::ErrnoToStatus(errno, "cannot read the keys");
    }
  }
}

}  // namespace frontrunner
