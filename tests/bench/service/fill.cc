// Puts 100-byte values for "key-0" … "key-(KEYS-1)" into a table's caches.
//
//   fill ADDRESS TABLE KEYS

#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "frontrunner/v1/lookup.grpc.pb.h"

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: fill ADDRESS TABLE KEYS\n");
    return 2;
  }
  using frontrunner::v1::LookupService;
  const auto stub = LookupService::NewStub(
      grpc::CreateChannel(argv[1], grpc::InsecureChannelCredentials()));
  for (int i = 0; i < std::atoi(argv[3]); ++i) {
    frontrunner::v1::PutRequest request;
    request.set_table(argv[2]);
    request.set_key("key-" + std::to_string(i));
    request.set_value(std::string(100, 'v'));
    frontrunner::v1::PutResponse response;
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::seconds(5));
    const grpc::Status status = stub->Put(&context, request, &response);
    if (!status.ok()) {
      std::fprintf(stderr, "put: %s\n", status.error_message().c_str());
      return 1;
    }
  }
  return 0;
}
