// A closed-loop load on LookupService: IN_FLIGHT calls at a time for SECONDS,
// keys "key-0" … "key-(KEYS-1)" in turn. Prints one JSON line:
// calls, failures, seconds, p50_us, p99_us, p999_us.
//
//   load ADDRESS TABLE IN_FLIGHT SECONDS KEYS

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "frontrunner/v1/lookup.grpc.pb.h"

namespace {

using frontrunner::v1::LookupRequest;
using frontrunner::v1::LookupResponse;
using frontrunner::v1::LookupService;
using Clock = std::chrono::steady_clock;

struct Call {
  grpc::ClientContext context;
  LookupResponse response;
  grpc::Status status;
  Clock::time_point began;
  std::unique_ptr<grpc::ClientAsyncResponseReader<LookupResponse>> reader;
};

/// One connection, one queue, one thread.
class Lane {
 public:
  Lane(const std::string& address, std::string table, int keys, int lane)
      : table_(std::move(table)), keys_(keys), next_key_(lane * 7919 % keys) {
    grpc::ChannelArguments arguments;
    arguments.SetInt("lane", lane);  // a connection of its own
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    stub_ = LookupService::NewStub(grpc::CreateCustomChannel(
        address, grpc::InsecureChannelCredentials(), arguments));
  }

  void Run(int in_flight, Clock::time_point until) {
    for (int i = 0; i < in_flight; ++i) Begin();
    int underway = in_flight;
    void* tag = nullptr;
    bool ok = false;
    while (underway > 0 && queue_.Next(&tag, &ok)) {
      const std::unique_ptr<Call> call(static_cast<Call*>(tag));
      const auto now = Clock::now();
      latencies_.push_back(static_cast<float>(
          std::chrono::duration<double, std::micro>(now - call->began)
              .count()));
      if (!call->status.ok()) {
        ++failures_;
        last_failure_ = call->status.error_message();
      }
      if (now < until) {
        Begin();
      } else {
        --underway;
      }
    }
  }

  std::vector<float>& latencies() { return latencies_; }
  int failures() const { return failures_; }
  const std::string& last_failure() const { return last_failure_; }

 private:
  void Begin() {
    LookupRequest request;
    request.set_table(table_);
    request.set_key("key-" + std::to_string(next_key_));
    next_key_ = (next_key_ + 1) % keys_;
    auto* call = new Call;
    call->began = Clock::now();
    call->context.set_deadline(std::chrono::system_clock::now() +
                               std::chrono::seconds(5));
    call->reader = stub_->AsyncLookup(&call->context, request, &queue_);
    call->reader->Finish(&call->response, &call->status, call);
  }

  const std::string table_;
  const int keys_;
  int next_key_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<LookupService::Stub> stub_;
  std::vector<float> latencies_;
  int failures_ = 0;
  std::string last_failure_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "usage: load ADDRESS TABLE IN_FLIGHT SECONDS KEYS\n");
    return 2;
  }
  constexpr int kLanes = 2;
  const int in_flight = std::max(kLanes, std::atoi(argv[3]));
  const double seconds = std::atof(argv[4]);
  std::vector<std::unique_ptr<Lane>> lanes;
  for (int i = 0; i < kLanes; ++i) {
    lanes.push_back(
        std::make_unique<Lane>(argv[1], argv[2], std::atoi(argv[5]), i));
  }
  const auto began = Clock::now();
  const auto until = began + std::chrono::duration_cast<Clock::duration>(
                                 std::chrono::duration<double>(seconds));
  std::vector<std::thread> threads;
  threads.reserve(lanes.size());
  for (auto& lane : lanes) {
    threads.emplace_back(
        [&lane, in_flight, until] { lane->Run(in_flight / kLanes, until); });
  }
  for (auto& thread : threads) thread.join();
  const double took =
      std::chrono::duration<double>(Clock::now() - began).count();

  std::vector<float> all;
  int failures = 0;
  for (auto& lane : lanes) {
    all.insert(all.end(), lane->latencies().begin(), lane->latencies().end());
    failures += lane->failures();
    if (!lane->last_failure().empty()) {
      std::fprintf(stderr, "a call failed: %s\n", lane->last_failure().c_str());
    }
  }
  std::sort(all.begin(), all.end());
  const auto percentile = [&all](double p) {
    return all.empty() ? 0.0
                       : all[static_cast<size_t>(
                             p * static_cast<double>(all.size() - 1))];
  };
  std::printf(
      "{\"calls\": %zu, \"failures\": %d, \"seconds\": %.3f, \"p50_us\": %.0f, "
      "\"p99_us\": %.0f, \"p999_us\": %.0f}\n",
      all.size(), failures, took, percentile(0.5), percentile(0.99),
      percentile(0.999));
  return 0;
}
