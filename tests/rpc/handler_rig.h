#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "frontrunner/v1/lookup.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/rpc/errors.h"
#include "server/rpc/handler_parts.h"
#include "server/rpc/in_flight.h"
#include "server/rpc/tables_directory.h"
#include "server/tables/table.h"
#include "tests/fakes/fake_call.h"
#include "tests/fakes/fake_loop.h"
#include "tests/fakes/fake_source.h"

namespace frontrunner {

/// A rich error, unpacked.
struct RichError {
  google::rpc::Status status;
  int error_infos = 0;
  google::rpc::ErrorInfo info;
  std::optional<v1::RaceReport> report;
  std::optional<google::rpc::RetryInfo> retry;
};
RichError Unpack(const google::rpc::Status& status);
/// The test fails where code or message are not those of the reply.
RichError Unpack(const Reply& reply);

/// Real tables on fake loops, and what handlers need around them. Table "t":
/// near (a cache that the edge may look into), then backend; its caches are
/// empty, so that writes are confirmed at once.
class HandlerRig {
 public:
  struct Settings {
    size_t loops = 1;
    Limits limits;
    bool open_writes = false;
    /// Winners are stored for ten minutes.
    bool write_back = false;
    Duration deadline = std::chrono::milliseconds(500);
    /// Puts and Forgets go to a cache of this source.
    std::shared_ptr<FakeSource> store;
  };

  HandlerRig() : HandlerRig(Settings{}) {}
  explicit HandlerRig(Settings settings);
  ~HandlerRig();

  /// Every loop, until nothing is due.
  void Run();
  void Advance(Duration by);

  HandlerParts parts();
  FakeSource& near() { return *near_; }
  FakeSource& backend() { return *backend_; }
  FakeLoop& loop(size_t index = 0) { return *loops_[index]; }
  Table& table() { return *table_; }
  TablesDirectory& tables() { return *directory_; }
  InFlight& in_flight() { return in_flight_; }
  const Errors& errors() const { return errors_; }
  TableCounters& counters() { return table_->counters(); }
  void set_serving(bool serving) { serving_ = serving; }
  EventLog& log() { return log_; }

  /// Hands a new call to a handler of this kind.
  template <typename HandlerKind>
  std::unique_ptr<FakeServerCall> Call(FakeServerCall::Settings settings) {
    auto call = std::make_unique<FakeServerCall>(std::move(settings));
    HandlerKind handler(parts());
    handler.Handle(*call);
    return call;
  }
  template <typename HandlerKind, typename Request>
  std::unique_ptr<FakeServerCall> Call(const Request& request,
                                       FakeServerCall::Settings settings = {}) {
    settings.request = request.SerializeAsString();
    return Call<HandlerKind>(std::move(settings));
  }

 private:
  const Settings settings_;
  EventLog log_;
  bool serving_ = true;
  std::shared_ptr<FakeSource> near_;
  std::shared_ptr<FakeSource> backend_;
  std::vector<std::unique_ptr<FakeLoop>> loops_;
  std::vector<std::unique_ptr<TableShard>> shards_;
  std::shared_ptr<Table> table_;
  std::unique_ptr<TablesDirectory> directory_;
  const Errors errors_{Errors::Settings{}};
  InFlight in_flight_;
};

/// For table "t".
v1::LookupRequest LookupOf(std::string_view key);

/// The response of a call that is finished; the test fails where it failed.
v1::LookupResponse ResponseOf(const FakeServerCall& call);

}  // namespace frontrunner
