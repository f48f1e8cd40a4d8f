#include "server/tables/flights.h"

#include <utility>

namespace frontrunner {

Flight* Flights::Find(const CallContext& call, CachePolicy policy) {
  const auto found = by_key_.find(call);
  if (found == by_key_.end()) return nullptr;
  for (const auto& flight : found->second) {
    if (flight->closed()) return nullptr;
    if (flight->joinable() && flight->policy() == policy &&
        flight->call()->hops == call.hops) {
      return flight.get();
    }
  }
  return nullptr;
}

void Flights::Add(std::shared_ptr<Flight> flight) {
  auto& flights = by_key_[flight->call()];
  Flight& added = *flight;
  flights.push_front(std::move(flight));
  added.place = flights.begin();
}

void Flights::Remove(const Flight& flight) {
  const auto found = by_key_.find(*flight.call());
  // Dropped last: its destructor may run whatever it likes.
  const std::shared_ptr<Flight> dropped = std::move(*flight.place);
  found->second.erase(flight.place);
  if (found->second.empty()) by_key_.erase(found);
}

void Flights::Overwrite(const CallContext& call,
                        const std::shared_ptr<const ToStore>& put) {
  const auto found = by_key_.find(call);
  if (found == by_key_.end()) return;
  for (const auto& flight : found->second) {
    flight->Overwrite(put);
    flight->Close();
  }
}

void Flights::ListTo(OutstandingList& list) const {
  for (const auto& [call, flights] : by_key_) {
    for (const auto& flight : flights) {
      for (const Caller* caller : flight->callers()) {
        list.Add(call, caller->lookup().priority, caller->began, false);
      }
    }
  }
}

void Flights::Close(const CallContext& call) {
  const auto found = by_key_.find(call);
  if (found == by_key_.end()) return;
  for (const auto& flight : found->second) flight->Close();
}

}  // namespace frontrunner
