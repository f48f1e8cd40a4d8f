#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "client/admin_client.h"
#include "client/key_reader.h"
#include "client/patience.h"

namespace frontrunner {

/// Hands the keys of a reader to the server, chunk by chunk, each again until
/// the server has it. One thread.
class PrefetchSender {
 public:
  struct Settings {
    std::string id;
    std::string table;
    std::optional<int> priority;
    /// Told after each chunk: keys read, and keys accepted in this prefetch.
    std::function<void(uint64_t, uint64_t)> progress;
  };

  /// All must outlive it.
  PrefetchSender(Settings settings, AdminClient& client, KeyReader& keys,
                 Patience& patience);

  /// How many keys the server has accepted when it has all of them. Without any
  /// key nothing is sent, and 0 returned. A failure is the reader's, the
  /// server's, or Patience's; what was accepted before stays.
  absl::StatusOr<uint64_t> Send();

  /// As far as the server has said.
  uint64_t accepted() const { return accepted_; }

 private:
  absl::Status SendChunk(const v1::PrefetchRequest& request);
  bool Complete();

  const Settings settings_;
  AdminClient& client_;
  KeyReader& keys_;
  Patience& patience_;
  uint64_t accepted_ = 0;
};

}  // namespace frontrunner
