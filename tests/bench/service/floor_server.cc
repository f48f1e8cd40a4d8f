// The floors the service is measured against: the least that a C++ server on
// gRPC's completion queues can do for the same messages, with nothing of
// Frontrunner in it.
//
//   floor_server bare                 answers LookupRequest with 100 bytes
//   floor_server redis PORT           one pipelined Redis GET for each call
//   floor_server backend TARGET       one gRPC call for each call
//
// One completion queue per core. Prints "listening on ADDRESS"; ends at
// SIGTERM.

#include <event2/event.h>
#include <event2/thread.h>
#include <grpcpp/grpcpp.h>
#include <hiredis/adapters/libevent.h>
#include <hiredis/async.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "frontrunner/v1/lookup.grpc.pb.h"

namespace {

using frontrunner::v1::LookupRequest;
using frontrunner::v1::LookupResponse;
using frontrunner::v1::LookupService;

struct Tag {
  virtual ~Tag() = default;
  virtual void Proceed(bool ok) = 0;
};

/// What is done between the request and the answer.
struct Call;
using Work = std::function<void(Call*)>;

struct Call final : Tag {
  Call(LookupService::AsyncService* its_service,
       grpc::ServerCompletionQueue* its_queue, const Work* its_work)
      : service(its_service),
        queue(its_queue),
        work(its_work),
        responder(&context) {
    service->RequestLookup(&context, &request, &responder, queue, queue, this);
  }

  void Proceed(bool ok) override {
    if (!ok || finishing) {
      delete this;
      return;
    }
    new Call(service, queue, work);
    (*work)(this);
  }

  /// Any thread.
  void Finish(const grpc::Status& status) {
    finishing = true;
    responder.Finish(response, status, this);
  }

  LookupService::AsyncService* service;
  grpc::ServerCompletionQueue* queue;
  const Work* work;
  grpc::ServerContext context;
  LookupRequest request;
  LookupResponse response;
  grpc::ServerAsyncResponseWriter<LookupResponse> responder;
  bool finishing = false;
};

/// A libevent loop with one pipelined Redis connection, fed over an eventfd.
class RedisLoop {
 public:
  explicit RedisLoop(int port) : port_(port), wake_(eventfd(0, EFD_NONBLOCK)) {
    thread_ = std::thread([this] { Run(); });
  }

  void Get(Call* call) {
    bool wake = false;
    {
      std::lock_guard lock(mutex_);
      wake = calls_.empty();
      calls_.push_back(call);
    }
    if (wake) {
      const uint64_t one = 1;
      if (write(wake_, &one, sizeof one) < 0) std::perror("eventfd");
    }
  }

 private:
  void Run() {
    event_base* base = event_base_new();
    redis_ = redisAsyncConnect("127.0.0.1", port_);
    redisLibeventAttach(redis_, base);
    event* woken = event_new(base, wake_, EV_READ | EV_PERSIST, &Woken, this);
    event_add(woken, nullptr);
    event_base_dispatch(base);
  }

  static void Woken(evutil_socket_t fd, short, void* self) {
    uint64_t count = 0;
    if (read(fd, &count, sizeof count) < 0) return;
    static_cast<RedisLoop*>(self)->Begin();
  }

  void Begin() {
    std::vector<Call*> calls;
    {
      std::lock_guard lock(mutex_);
      calls.swap(calls_);
    }
    for (Call* call : calls) {
      const std::string& key = call->request.key();
      redisAsyncCommand(redis_, &Answered, call, "GET %b", key.data(),
                        key.size());
    }
  }

  static void Answered(redisAsyncContext*, void* reply, void* call_pointer) {
    Call* call = static_cast<Call*>(call_pointer);
    const auto* answer = static_cast<redisReply*>(reply);
    if (!answer || answer->type != REDIS_REPLY_STRING) {
      call->Finish(grpc::Status(grpc::StatusCode::NOT_FOUND, ""));
      return;
    }
    call->response.set_value(answer->str, answer->len);
    call->response.set_source("redis");
    call->Finish(grpc::Status::OK);
  }

  const int port_;
  const int wake_;
  redisAsyncContext* redis_ = nullptr;
  std::mutex mutex_;
  std::vector<Call*> calls_;
  std::thread thread_;
};

/// One call to the backend, on the queue of the call it is made for.
struct BackendCall final : Tag {
  BackendCall(LookupService::Stub* stub, Call* for_call) : call(for_call) {
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::seconds(1));
    reader = stub->AsyncLookup(&context, call->request, call->queue);
    reader->Finish(&call->response, &status, this);
  }
  void Proceed(bool) override {
    call->Finish(status);
    delete this;
  }

  Call* call;
  grpc::ClientContext context;
  grpc::Status status;
  std::unique_ptr<grpc::ClientAsyncResponseReader<LookupResponse>> reader;
};

void Serve(const Work& work) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  LookupService::AsyncService service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                           &port);
  builder.RegisterService(&service);
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  std::vector<std::unique_ptr<grpc::ServerCompletionQueue>> queues;
  for (unsigned i = 0; i < cores; ++i) {
    queues.push_back(builder.AddCompletionQueue());
  }
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (!server) std::exit(1);
  std::vector<std::thread> threads;
  for (auto& queue : queues) {
    for (int i = 0; i < 64; ++i) new Call(&service, queue.get(), &work);
    threads.emplace_back([queue = queue.get()] {
      void* tag = nullptr;
      bool ok = false;
      while (queue->Next(&tag, &ok)) static_cast<Tag*>(tag)->Proceed(ok);
    });
  }
  std::printf("listening on 127.0.0.1:%d\n", port);
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  // A floor has nothing to tidy up: the process ends here.
  std::_Exit(0);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string kind = argc > 1 ? argv[1] : "";
  if (kind == "bare") {
    const std::string value(100, 'v');
    Serve([&value](Call* call) {
      call->response.set_value(value);
      call->response.set_source("bare");
      call->Finish(grpc::Status::OK);
    });
  } else if (kind == "redis" && argc > 2) {
    signal(SIGPIPE, SIG_IGN);
    std::vector<std::unique_ptr<RedisLoop>> loops;
    const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
    for (unsigned i = 0; i < cores; ++i) {
      loops.push_back(std::make_unique<RedisLoop>(std::atoi(argv[2])));
    }
    Serve([&loops](Call* call) {
      const size_t hash = std::hash<std::string>()(call->request.key());
      loops[hash % loops.size()]->Get(call);
    });
  } else if (kind == "backend" && argc > 2) {
    const auto channel =
        grpc::CreateChannel(argv[2], grpc::InsecureChannelCredentials());
    const auto stub = LookupService::NewStub(channel);
    Serve([&stub](Call* call) { new BackendCall(stub.get(), call); });
  }
  std::fprintf(stderr,
               "usage: floor_server bare | redis PORT | backend TARGET\n");
  return 2;
}
