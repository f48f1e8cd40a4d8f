#include "server/admin/visitors.h"

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

namespace frontrunner {
namespace {

/// Whether evhttp still has it: until it lets go, it listens to its errors.
bool IsGone(bufferevent* visitor) {
  bufferevent_event_cb on_event = nullptr;
  bufferevent_getcb(visitor, nullptr, nullptr, &on_event, nullptr);
  return on_event == nullptr;
}

}  // namespace

Visitors::Visitors(Settings settings, const Clock& clock,
                   std::shared_ptr<HttpPortCounters> counters)
    : settings_(settings), clock_(clock), counters_(std::move(counters)) {}

Visitors::~Visitors() {
  for (const auto& [visitor, stay] : stays_) bufferevent_decref(visitor);
  counters_->open = 0;
}

bufferevent* Visitors::Enter(event_base* base) {
  ForgetThoseGone();
  MakeRoom();
  // The descriptor is closed with the last reference. Were it closed before, by
  // evhttp, what is still to be read would be read from whoever gets its
  // number.
  bufferevent* const visitor =
      bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
  if (visitor == nullptr) return nullptr;
  // evhttp reads on while it answers, without a bound of its own.
  bufferevent_setwatermark(visitor, EV_READ, 0, settings_.max_unread);
  bufferevent_incref(visitor);
  stays_[visitor] = {.until = clock_.Now() + settings_.patience};
  ++counters_->accepted;
  counters_->open = stays_.size();
  return visitor;
}

void Visitors::Asked(bufferevent* visitor) {
  ++counters_->requests;
  const auto found = stays_.find(visitor);
  if (found == stays_.end() || found->second.shown_out) return;
  found->second.until = clock_.Now() + settings_.patience;
}

void Visitors::Sweep() {
  ForgetThoseGone();
  const TimePoint now = clock_.Now();
  for (auto& stay : stays_) {
    if (!stay.second.shown_out && stay.second.until <= now) {
      ShowOut(stay, counters_->late);
    }
  }
}

void Visitors::ForgetThoseGone() {
  for (auto stay = stays_.begin(); stay != stays_.end();) {
    if (IsGone(stay->first)) {
      bufferevent_decref(stay->first);
      stay = stays_.erase(stay);
    } else {
      ++stay;
    }
  }
  counters_->open = stays_.size();
}

void Visitors::ShowOut(Stays::value_type& stay, std::atomic<uint64_t>& why) {
  stay.second.shown_out = true;
  ++why;
  // To evhttp the peer has left.
  ::shutdown(bufferevent_getfd(stay.first), SHUT_RDWR);
}

void Visitors::MakeRoom() {
  size_t staying = 0;
  Stays::value_type* longest = nullptr;
  for (auto& stay : stays_) {
    if (stay.second.shown_out) continue;
    ++staying;
    if (longest == nullptr || stay.second.until < longest->second.until) {
      longest = &stay;
    }
  }
  if (staying >= settings_.max && longest != nullptr) {
    ShowOut(*longest, counters_->crowded_out);
  }
}

}  // namespace frontrunner
