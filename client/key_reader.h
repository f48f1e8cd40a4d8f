#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/interrupt.h"

namespace frontrunner {

/// Keys from a file, in chunks, so that never more than two of them are held.
/// A key ends with the separator or the end of the file; empty ones are left
/// out.
class KeyReader {
 public:
  struct Settings {
    char separator = '\n';
    /// Of one chunk, whichever is reached first; a key always fits whole, so
    /// that a chunk has up to two times as many bytes.
    size_t max_keys = 1000;
    size_t max_bytes = size_t{1} << 20;
  };

  /// "-" is standard input. `interrupt` must outlive the reader.
  static absl::StatusOr<std::unique_ptr<KeyReader>> Open(
      const std::string& path, const Settings& settings,
      const Interrupt& interrupt);
  /// Takes the descriptor over, except for standard input.
  KeyReader(int fd, const Settings& settings, const Interrupt& interrupt);
  ~KeyReader();
  KeyReader(const KeyReader&) = delete;
  KeyReader& operator=(const KeyReader&) = delete;

  /// Empty at the end. INVALID_ARGUMENT for a key longer than max_bytes,
  /// CANCELLED where it was interrupted, else what reading fails with.
  absl::StatusOr<std::vector<std::string>> Next();

  /// Keys given out so far, and empty ones left out.
  uint64_t keys() const { return keys_; }
  uint64_t skipped() const { return skipped_; }

 private:
  absl::Status Fill();

  const int fd_;
  const Settings settings_;
  const Interrupt& interrupt_;
  // What was read, from begin_ on not given out.
  std::string buffer_;
  size_t begin_ = 0;
  bool ended_ = false;
  uint64_t keys_ = 0;
  uint64_t skipped_ = 0;
};

}  // namespace frontrunner
