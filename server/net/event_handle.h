#pragma once

#include <event2/event.h>

#include <memory>

namespace frontrunner {

struct FreeEvent {
  void operator()(event* event) const { event_free(event); }
};

/// A libevent event; destroying it disarms it, inside its own callback too.
using EventHandle = std::unique_ptr<event, FreeEvent>;

/// Calls `(object.*Member)()` on the loop's thread when `fd` is ready, once per
/// `what` (EV_READ, EV_WRITE; with EV_PERSIST as long as it lives). Not armed
/// yet: see event_add. Null when out of memory.
template <auto Member, class Object>
EventHandle NewEvent(event_base* base, int fd, short what, Object& object) {
  return EventHandle(event_new(
      base, fd, what,
      [](evutil_socket_t, short, void* self) {
        (static_cast<Object*>(self)->*Member)();
      },
      &object));
}

}  // namespace frontrunner
