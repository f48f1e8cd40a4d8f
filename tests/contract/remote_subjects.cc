#include <memory>
#include <utility>

#include "frontrunner/v1/lookup.pb.h"
#include "server/net/address.h"
#include "server/sources/grpc/grpc_channel.h"
#include "server/sources/grpc/grpc_source.h"
#include "server/sources/http/http_source.h"
#include "server/sources/memcached/memcached.h"
#include "server/sources/redis/redis.h"
#include "tests/contract/subject.h"
#include "tests/fakes/servers/real_memcached.h"
#include "tests/fakes/servers/real_redis.h"
#include "tests/sources/grpc/backend.h"
#include "tests/sources/http/http_test_server.h"

namespace frontrunner {
namespace {

/// Stores the present key. On the loop; the outcome is seen by the first hit.
void StorePresent(EventLoop& loop, const Cache& cache) {
  Query query = ContractQuery(kPresentKey);
  query.to_store = std::make_shared<ToStore>(
      ToStore{MakeBytes(std::string(kPresentValue)), loop.WallNow(), {}});
  auto attempt = std::make_shared<std::unique_ptr<Attempt>>();
  *attempt =
      cache.store->Start(query, [attempt](Outcome) { *attempt = nullptr; });
}

Subject MakeRealRedis(EventLoop& loop) {
  const auto server = std::make_shared<RealRedis>();
  RedisSettings settings;
  settings.name = "redis";
  settings.address = *ParseAddress(server->address(), 0);
  const Cache cache = MakeRedis(loop, settings);
  StorePresent(loop, cache);
  return {cache.find, {server}};
}

Subject MakeRealMemcached(EventLoop& loop) {
  const auto server = std::make_shared<RealMemcached>();
  MemcachedSettings settings;
  settings.name = "memcached";
  settings.servers = {*ParseAddress(server->address(), 0)};
  const Cache cache = MakeMemcached(loop, settings);
  StorePresent(loop, cache);
  return {cache.find, {server}};
}

Subject MakeRealGrpc(EventLoop& loop) {
  const auto backend =
      std::make_shared<Backend>("127.0.0.1:0", [](ServerCall& call) {
        v1::LookupRequest request;
        request.ParseFromArray(call.request().data(),
                               static_cast<int>(call.request().size()));
        if (request.key() == kPresentKey) {
          call.Finish(ValueReply(std::string(kPresentValue)));
        } else {
          call.Finish({.code = absl::StatusCode::kNotFound});
        }
      });
  const std::shared_ptr<PolledQueue> queue(
      PolledQueue::ForClients().release(), [](PolledQueue* used) {
        if (used->Stop(std::chrono::steady_clock::now() +
                       std::chrono::seconds(10))) {
          delete used;
        }
      });
  return {std::make_shared<GrpcSource>(
              loop, GrpcSource::Settings{.name = "grpc"},
              std::make_unique<GrpcChannel>(loop, *queue,
                                            ChannelTo(backend->target()))),
          {backend, queue}};
}

HttpTestReply AnswerByHttp(const HttpTestRequest& request) {
  if (request.target == "/v/present") return WithStatus(200, kPresentValue);
  return WithStatus(404, "not here");
}

Subject MakeHttp(EventLoop& loop) {
  const auto server = std::make_shared<HttpTestServer>(AnswerByHttp);
  HttpSettings settings;
  settings.name = "http";
  settings.url = server->url("/v/{key}");
  return {*MakeHttpSource(loop, settings), {server}};
}

}  // namespace

std::vector<SubjectCase> RemoteSubjects() {
  return {{"Redis", MakeRealRedis},
          {"Memcached", MakeRealMemcached},
          {"Grpc", MakeRealGrpc},
          {"Http", MakeHttp}};
}

}  // namespace frontrunner
