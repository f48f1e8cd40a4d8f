#include "server/rpc/reflection.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "frontrunner/v1/lookup.pb.h"
#include "tests/rpc/edge_server.h"
#include "tests/rpc/raw_client.h"

namespace frontrunner {
namespace {

using grpc::reflection::v1::ServerReflectionRequest;
using grpc::reflection::v1::ServerReflectionResponse;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr char kV1[] =
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
constexpr char kV1Alpha[] =
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

std::vector<Route> Served() {
  return {{.method = "/frontrunner.v1.LookupService/Lookup"},
          {.method = "/frontrunner.v1.LookupService/Put"}};
}

class Reflection : public ::testing::Test {
 protected:
  // The names of the files in an answer, in their order.
  static std::vector<std::string> Files(
      const ServerReflectionResponse& response) {
    std::vector<std::string> names;
    for (const std::string& bytes :
         response.file_descriptor_response().file_descriptor_proto()) {
      google::protobuf::FileDescriptorProto file;
      EXPECT_TRUE(file.ParseFromString(bytes));
      names.push_back(file.name());
    }
    return names;
  }

  ServerReflectionResponse Symbol(const std::string& name) const {
    ServerReflectionRequest request;
    request.set_file_containing_symbol(name);
    return answers_.Answer(request);
  }

  // So that its descriptor is linked in.
  v1::LookupRequest linked_;
  ReflectionAnswers answers_{{"a.Service", "b.Service"}};
};

TEST_F(Reflection, ListsTheServicesInOrder) {
  ServerReflectionRequest request;
  request.set_host("here");
  request.set_list_services("*");
  const auto response = answers_.Answer(request);
  ASSERT_EQ(response.list_services_response().service_size(), 2);
  EXPECT_EQ(response.list_services_response().service(0).name(), "a.Service");
  EXPECT_EQ(response.list_services_response().service(1).name(), "b.Service");
  EXPECT_EQ(response.valid_host(), "here");
  EXPECT_EQ(response.original_request().list_services(), "*");
}

TEST_F(Reflection, AFileComesFirstAndThenWhatItImportsEachOnce) {
  ServerReflectionRequest request;
  request.set_file_by_filename("frontrunner/v1/lookup.proto");
  const auto files = Files(answers_.Answer(request));
  ASSERT_FALSE(files.empty());
  EXPECT_EQ(files[0], "frontrunner/v1/lookup.proto");
  EXPECT_THAT(files, UnorderedElementsAre("frontrunner/v1/lookup.proto",
                                          "frontrunner/v1/race.proto",
                                          "google/rpc/status.proto",
                                          "google/protobuf/any.proto",
                                          "google/protobuf/duration.proto"));
}

TEST_F(Reflection, FindsServicesMethodsMessagesAndFields) {
  for (const char* symbol :
       {"frontrunner.v1.LookupService", "frontrunner.v1.LookupService.Lookup",
        "frontrunner.v1.LookupRequest", "frontrunner.v1.LookupRequest.key",
        "frontrunner.v1.CachePolicy"}) {
    const auto files = Files(Symbol(symbol));
    ASSERT_FALSE(files.empty()) << symbol;
    EXPECT_EQ(files[0], "frontrunner/v1/lookup.proto") << symbol;
  }
  EXPECT_THAT(Files(Symbol("grpc.reflection.v1alpha.ServerReflection")),
              ElementsAre("grpc/reflection/v1alpha/reflection.proto"));
}

TEST_F(Reflection, WhatIsNotThereIsNotFound) {
  ServerReflectionRequest request;
  request.set_file_by_filename("none.proto");
  EXPECT_EQ(answers_.Answer(request).error_response().error_code(), 5);
  EXPECT_EQ(Symbol("none.Service").error_response().error_code(), 5);
  EXPECT_EQ(Symbol("").error_response().error_code(), 5);
  request.mutable_file_containing_extension()->set_containing_type(
      "frontrunner.v1.LookupRequest");
  request.mutable_file_containing_extension()->set_extension_number(100);
  EXPECT_EQ(answers_.Answer(request).error_response().error_code(), 5);
  request.mutable_file_containing_extension()->set_containing_type("none");
  EXPECT_EQ(answers_.Answer(request).error_response().error_code(), 5);
  request.set_all_extension_numbers_of_type("none");
  EXPECT_EQ(answers_.Answer(request).error_response().error_code(), 5);
}

TEST_F(Reflection, AMessageWithoutExtensionsHasNone) {
  ServerReflectionRequest request;
  request.set_all_extension_numbers_of_type("frontrunner.v1.LookupRequest");
  const auto response = answers_.Answer(request);
  EXPECT_EQ(response.all_extension_numbers_response().base_type_name(),
            "frontrunner.v1.LookupRequest");
  EXPECT_THAT(response.all_extension_numbers_response().extension_number(),
              IsEmpty());
}

TEST_F(Reflection, AnUnknownKindOfQuestionIsUnimplemented) {
  EXPECT_EQ(answers_.Answer({}).error_response().error_code(), 12);
}

class ReflectionStream : public ::testing::Test {
 protected:
  void SetUp() override {
    server_ = std::make_unique<GrpcServer>(LoopbackSettings());
    ASSERT_TRUE(server_->Start(reflection_.routes()).ok());
    client_ = std::make_unique<RawClient>(TargetOf(*server_));
  }

  static std::string ListServices() {
    ServerReflectionRequest request;
    request.set_list_services("");
    return request.SerializeAsString();
  }

  ReflectionHandler reflection_{Served(), 2};
  std::unique_ptr<GrpcServer> server_;
  std::unique_ptr<RawClient> client_;
};

TEST_F(ReflectionStream, AnswersQuestionsInBothVersions) {
  for (const char* method : {kV1, kV1Alpha}) {
    auto stream = client_->Open(method);
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(stream->Write(ListServices()));
      ServerReflectionResponse response;
      ASSERT_TRUE(response.ParseFromString(stream->Read().value_or("?")));
      std::vector<std::string> names;
      for (const auto& service : response.list_services_response().service()) {
        names.push_back(service.name());
      }
      EXPECT_THAT(names,
                  ElementsAre("frontrunner.v1.LookupService",
                              "grpc.reflection.v1.ServerReflection",
                              "grpc.reflection.v1alpha.ServerReflection"));
    }
    stream->WritesDone();
    EXPECT_EQ(stream->Finish().code, grpc::OK);
  }
  EXPECT_TRUE(WaitUntilNoCalls(*server_));
}

TEST_F(ReflectionStream, BytesThatAreNoQuestionEndTheStream) {
  auto stream = client_->Open(kV1);
  stream->Write("\xff\xff\xff");
  EXPECT_EQ(stream->Read(), std::nullopt);
  EXPECT_EQ(stream->Finish().code, grpc::INVALID_ARGUMENT);
}

TEST_F(ReflectionStream, StreamsAreBounded) {
  auto one = client_->Open(kV1);
  auto two = client_->Open(kV1);
  one->Write(ListServices());
  two->Write(ListServices());
  EXPECT_TRUE(one->Read().has_value());
  EXPECT_TRUE(two->Read().has_value());
  auto three = client_->Open(kV1);
  EXPECT_EQ(three->Finish().code, grpc::RESOURCE_EXHAUSTED);
  one->WritesDone();
  EXPECT_EQ(one->Finish().code, grpc::OK);
  auto again = client_->Open(kV1);
  again->Write(ListServices());
  EXPECT_TRUE(again->Read().has_value());
}

TEST_F(ReflectionStream, IdleStreamsEndBeforeTheServerShutsDown) {
  auto stream = client_->Open(kV1);
  stream->Write(ListServices());
  ASSERT_TRUE(stream->Read().has_value());
  EXPECT_EQ(server_->open_calls(), 1);
  reflection_.EndStreams();
  EXPECT_EQ(stream->Read(), std::nullopt);
  EXPECT_EQ(stream->Finish().code, grpc::UNAVAILABLE);
  auto late = client_->Open(kV1);
  EXPECT_EQ(late->Finish().code, grpc::UNAVAILABLE);
  EXPECT_TRUE(server_->Shutdown(kNever).ok());
}

TEST_F(ReflectionStream, EndMayMeetQuestionsAndCancellations) {
  for (int i = 0; i < 100; ++i) {
    ReflectionHandler reflection(Served());
    GrpcServer server(LoopbackSettings());
    ASSERT_TRUE(server.Start(reflection.routes()).ok());
    RawClient client(TargetOf(server));
    auto stream = client.Open(kV1);
    stream->Write(ListServices());
    std::thread ender([&] {
      std::this_thread::sleep_for(std::chrono::microseconds(i * 5));
      reflection.EndStreams();
    });
    if (i % 3 == 0) stream->Cancel();
    while (stream->Read()) stream->Write(ListServices());
    EXPECT_NE(stream->Finish().code, grpc::OK);
    ender.join();
    EXPECT_TRUE(WaitUntilNoCalls(server));
  }
}

}  // namespace
}  // namespace frontrunner
