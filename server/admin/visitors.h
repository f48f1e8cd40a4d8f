#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>

#include "server/base/time.h"

struct bufferevent;
struct event_base;

namespace frontrunner {

/// Of an HTTP port, since the server started. Relaxed atomics: written by the
/// port's thread, read by anyone.
struct HttpPortCounters {
  std::atomic<uint64_t> accepted{0};
  /// Open now.
  std::atomic<uint64_t> open{0};
  /// Closed since they took too long.
  std::atomic<uint64_t> late{0};
  /// Closed to make room for others.
  std::atomic<uint64_t> crowded_out{0};
  /// Requests that could be read; evhttp answers others with 400 by itself.
  std::atomic<uint64_t> requests{0};
};

/// Bounds the connections of an evhttp, which itself counts none, and gives
/// each as long as its peer sends a byte now and then. Here each has a time for
/// a whole request and its answer; and where there are too many, the one that
/// has been silent longest makes room, so that a probe always gets in.
///
/// It keeps a reference to each connection's bufferevent: evhttp closes and
/// lets go of a connection when it likes, and tells nobody. Whoever has no
/// callbacks any more is gone. For the loop's thread.
class Visitors {
 public:
  struct Settings {
    /// Connections that may stay. A head of nothing but short headers takes
    /// fifty times its size, so this is a bound of memory, too.
    size_t max = 64;
    /// Connections that were shown out and are not gone yet, which takes a turn
    /// of the loop. With more of them it is crowded.
    size_t max_leaving = 64;
    /// Bytes that are read ahead of the request that is being answered. More
    /// than a request's head, or a head that is too large would not be noticed.
    size_t max_unread = size_t{16} << 10;
    /// From one whole request to the next, or to the first.
    Duration patience = std::chrono::seconds(10);
  };

  /// `clock` outlives this.
  Visitors(Settings settings, const Clock& clock,
           std::shared_ptr<HttpPortCounters> counters);
  /// The evhttp is gone before.
  ~Visitors();
  Visitors(const Visitors&) = delete;
  Visitors& operator=(const Visitors&) = delete;

  /// What evhttp shall read a new connection with; null when out of memory. To
  /// be called even where it is crowded: evhttp takes no no.
  bufferevent* Enter(event_base* base);

  /// Nobody else should be let in before the loop's next turn.
  bool crowded() const {
    return stays_.size() >= settings_.max + settings_.max_leaving;
  }

  /// It has asked a whole question.
  void Asked(bufferevent* visitor);

  /// Forgets those who are gone and shows out those whose time is over. To be
  /// called now and then.
  void Sweep();

 private:
  struct Stay {
    TimePoint until;
    /// Its socket was shut down; evhttp will see that and close it.
    bool shown_out = false;
  };
  using Stays = std::map<bufferevent*, Stay>;

  void ForgetThoseGone();
  void ShowOut(Stays::value_type& stay, std::atomic<uint64_t>& why);
  void MakeRoom();

  const Settings settings_;
  const Clock& clock_;
  const std::shared_ptr<HttpPortCounters> counters_;
  Stays stays_;
};

}  // namespace frontrunner
