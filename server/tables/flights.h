#pragma once

#include <list>
#include <memory>

#include "server/tables/by_key.h"
#include "server/tables/flight.h"
#include "server/tables/outstanding.h"

namespace frontrunner {

/// The flights of a table on one loop, by key. The loop's thread only.
class Flights {
 public:
  /// The flight that such a lookup may join; null if there is none.
  Flight* Find(const CallContext& call, CachePolicy policy);

  void Add(std::shared_ptr<Flight> flight);

  /// Drops it; it may be destroyed by that.
  void Remove(const Flight& flight);

  /// A Put (or, with null, a Forget) of the key begins: its flights are
  /// overwritten and closed, so that who asks from now on races anew.
  void Overwrite(const CallContext& call,
                 const std::shared_ptr<const ToStore>& put);

  /// Adds everybody who flies.
  void ListTo(OutstandingList& list) const;

  /// Closes every flight of the key.
  void Close(const CallContext& call);

 private:
  /// No list is empty. The newest comes first, so that those that may be
  /// joined stand before those that are closed.
  ByKey<std::list<std::shared_ptr<Flight>>> by_key_;
};

}  // namespace frontrunner
