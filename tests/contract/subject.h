#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "server/loop/event_loop.h"
#include "server/race/source.h"

namespace frontrunner {

inline constexpr std::string_view kPresentKey = "present";
inline constexpr std::string_view kPresentValue = "here it is";

/// A source that is held to the contract of server/race/source.h. Made on a
/// loop that runs; it has kPresentKey with kPresentValue, and nothing else.
struct Subject {
  std::shared_ptr<Source> source;
  /// What it needs: servers, queues. Destroyed after the source, not on the
  /// loop.
  std::vector<std::shared_ptr<void>> world;
};

struct SubjectCase {
  std::string name;
  std::function<Subject(EventLoop&)> make;
};

inline std::ostream& operator<<(std::ostream& out, const SubjectCase& subject) {
  return out << subject.name;
}

/// Those that need no server: memory, computation, every wrapper, the race.
std::vector<SubjectCase> LocalSubjects();

/// Those that do: redis, memcached, grpc, http.
std::vector<SubjectCase> RemoteSubjects();

/// A query for a key of table "t".
Query ContractQuery(std::string_view key);

}  // namespace frontrunner
