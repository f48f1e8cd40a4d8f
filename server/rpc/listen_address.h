#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace frontrunner {

/// The path of "unix:/path" or "unix:///path"; nullopt for anything else.
std::optional<std::string> UnixPath(std::string_view address);

/// Makes way for a new Unix socket at `path`: removes a socket file that nobody
/// listens on. An error, with nothing touched, where somebody does listen,
/// where the file is not a socket, or where no socket can be made. Two servers
/// that start in the same instant are not kept apart.
absl::Status MakeWayForUnixSocket(const std::string& path);

/// The error of an address that can't be listened on; `error` is an errno.
absl::Status CannotListen(std::string_view address, std::string_view why);
absl::Status CannotListen(std::string_view address, int error);

/// Remembers the socket file at a path, so as to remove that one and no
/// successor's.
class UnixSocketFile {
 public:
  explicit UnixSocketFile(std::string path);
  /// Removes the file if it is still the same.
  void Remove() const;

 private:
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace frontrunner
