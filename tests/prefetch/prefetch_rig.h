#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "server/prefetch/prefetches.h"
#include "server/tables/table.h"
#include "server/wrappers/dispatch_queue.h"
#include "tests/fakes/fake_loop.h"
#include "tests/fakes/fake_source.h"
#include "tests/prefetch/temp_dir.h"

namespace frontrunner {

/// What outlives a server: its state directory, a shared cache, and a backend
/// that counts.
struct World {
  TempDir dir;
  std::set<std::string> cache;
  std::map<std::string, int> asked;
  /// Keys under way at the backend, and the most there ever were.
  size_t underway = 0;
  size_t most_underway = 0;
  /// What the backend says of a key; a value where it is null.
  std::function<absl::Status(const std::string& key)> failure;
  /// Which of them end its race.
  CodeSet final_codes;
  /// The backend keeps everyone waiting.
  bool hold = false;
};

/// A server that prefetches: table "t" of a cache and, behind a queue, the
/// backend of a World, on a loop whose time stands still; the writer has
/// another. Destroying it is being killed.
class PrefetchServer {
 public:
  explicit PrefetchServer(World& world, size_t concurrency = 4);
  ~PrefetchServer();

  Prefetches& prefetches() { return *prefetches_; }
  /// Wide enough to hold nobody up.
  DispatchQueue& queue() { return *queue_; }
  /// Until nothing is due on either loop.
  void Run();
  void Advance(Duration by);
  /// Lets the backend answer those it holds.
  void Release();
  /// Lets `turns` turns of both loops pass.
  void Turns(int turns);

  /// The keys "PREFIX1" … ; what Accept says.
  absl::StatusOr<uint64_t> Accept(const std::string& id,
                                  std::vector<std::string> keys,
                                  bool last = true,
                                  const std::string& table = "t");
  static std::vector<std::string> Keys(const std::string& prefix, int count);
  PrefetchView View(const std::string& id);
  std::vector<PrefetchView> List();
  absl::StatusOr<PrefetchView> Cancel(const std::string& id);
  bool stopped() const { return stopped_; }
  void Stop();

  FakeLoop writer;
  FakeLoop loop;
  std::vector<std::string> log;
  Prefetches::Settings settings;

 private:
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::vector<std::function<void()>> held_;
  World& world_;
  std::shared_ptr<DispatchQueue> queue_;
  std::unique_ptr<TableShard> shard_;
  std::unique_ptr<Table> table_;
  std::unique_ptr<Prefetches> prefetches_;
  bool stopped_ = false;

  class Backend;
  class CachePart;
};

}  // namespace frontrunner
