#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/base/time.h"

namespace frontrunner {

/// Counted since they were made; shared by sources that are counted together.
/// Relaxed atomics: written by loops, read by anyone.
struct HttpCounters {
  /// Requests given to the engine: pages and redirects each count.
  std::atomic<uint64_t> requests{0};
  std::atomic<uint64_t> redirects{0};
  /// Refused because a bound was reached.
  std::atomic<uint64_t> refused{0};
  /// Given up before their end.
  std::atomic<uint64_t> cancelled{0};
};

/// Which statuses of HTTP are no failures; none of 3xx, which are redirects.
struct HttpStatuses {
  /// Empty: every 2xx. What is among `misses` is none.
  std::vector<int> successes;
  std::vector<int> misses = {404, 410};
};

/// For answers that are lists in pages.
struct PagesSettings {
  /// The query parameter that carries the cursor.
  std::string parameter;
  /// JSON pointers: into a page, into a page, into an item. An empty `id`: the
  /// item itself.
  std::string next;
  std::string items;
  std::string id;
  /// How many answers with 500, 502 or 503, in all, are met by asking again.
  size_t max_errors = 10;
  /// A list of more pages is a failure.
  size_t max_pages = 1000;
};

struct HttpSettings {
  std::string name;
  /// {key} stands for the key, percent-encoded.
  std::string url;
  bool post = false;
  /// Sent with every request to the url's own scheme, host and port; not where
  /// a redirect leads elsewhere.
  std::vector<std::pair<std::string, std::string>> headers;
  /// What a POST sends, and only there too; {key} stands for the key as it is.
  std::string body;
  /// JSON pointer to the value; empty: the whole body.
  std::string value;
  HttpStatuses statuses;
  /// Bytes of a body after decompression; of all pages together.
  size_t max_bytes = 4 << 20;
  size_t max_redirects = 3;
  /// PEM; empty: the system's.
  std::string ca_file;
  /// To one host.
  size_t connections = 16;
  std::optional<PagesSettings> pages;
  /// Of one page. Used with `pages` only: elsewhere the timeout wrapper ends
  /// the attempt. Absent: none.
  std::optional<Duration> timeout;

  /// From looking up the name to the end of the TLS handshake.
  Duration connect_timeout = std::chrono::seconds(10);
  /// Requests under way or waiting for a connection; what is above fails fast.
  size_t max_requests = 4096;
  /// Null: its own.
  std::shared_ptr<HttpCounters> counters;
};

}  // namespace frontrunner
