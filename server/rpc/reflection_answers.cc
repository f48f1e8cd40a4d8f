#include "server/rpc/reflection_answers.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <set>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "grpc/reflection/v1alpha/reflection.pb.h"

namespace frontrunner {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using grpc::reflection::v1::ServerReflectionRequest;
using grpc::reflection::v1::ServerReflectionResponse;

const DescriptorPool& Pool() { return *DescriptorPool::generated_pool(); }

void Fail(absl::StatusCode code, std::string message,
          ServerReflectionResponse* response) {
  auto* error = response->mutable_error_response();
  error->set_error_code(static_cast<int>(code));
  error->set_error_message(std::move(message));
}

void NotFound(ServerReflectionResponse* response, std::string_view what) {
  Fail(absl::StatusCode::kNotFound, std::string(what), response);
}

// The file and everything that it imports, each once, the file first.
void AddFiles(const FileDescriptor& file, std::set<std::string>* seen,
              ServerReflectionResponse* response) {
  if (!seen->insert(file.name()).second) return;
  google::protobuf::FileDescriptorProto proto;
  file.CopyTo(&proto);
  response->mutable_file_descriptor_response()->add_file_descriptor_proto(
      proto.SerializeAsString());
  for (int i = 0; i < file.dependency_count(); ++i) {
    AddFiles(*file.dependency(i), seen, response);
  }
}

void TellFile(const FileDescriptor* file, std::string_view missing,
              ServerReflectionResponse* response) {
  if (file == nullptr) {
    NotFound(response, missing);
    return;
  }
  std::set<std::string> seen;
  AddFiles(*file, &seen, response);
}

void TellExtension(const std::string& type_name, int number,
                   ServerReflectionResponse* response) {
  const Descriptor* type = Pool().FindMessageTypeByName(type_name);
  const FieldDescriptor* extension =
      type == nullptr ? nullptr : Pool().FindExtensionByNumber(type, number);
  TellFile(extension == nullptr ? nullptr : extension->file(),
           "extension not found", response);
}

void TellExtensionNumbers(const std::string& type_name,
                          ServerReflectionResponse* response) {
  const Descriptor* type = Pool().FindMessageTypeByName(type_name);
  if (type == nullptr) {
    NotFound(response, "type not found");
    return;
  }
  auto* numbers = response->mutable_all_extension_numbers_response();
  numbers->set_base_type_name(type_name);
  std::vector<const FieldDescriptor*> extensions;
  Pool().FindAllExtensions(type, &extensions);
  for (const FieldDescriptor* extension : extensions) {
    numbers->add_extension_number(extension->number());
  }
}

}  // namespace

ReflectionAnswers::ReflectionAnswers(std::vector<std::string> services)
    : services_(std::move(services)) {
  // Both versions say the same, byte for byte, so only one is used here; the
  // descriptors of the other are linked in for those who ask about it.
  static_cast<void>(
      grpc::reflection::v1alpha::ServerReflectionRequest::descriptor());
}

ServerReflectionResponse ReflectionAnswers::Answer(
    const ServerReflectionRequest& request) const {
  ServerReflectionResponse response;
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  switch (request.message_request_case()) {
    case ServerReflectionRequest::kFileByFilename:
      TellFile(Pool().FindFileByName(request.file_by_filename()),
               "file not found", &response);
      break;
    case ServerReflectionRequest::kFileContainingSymbol:
      TellFile(
          Pool().FindFileContainingSymbol(request.file_containing_symbol()),
          "symbol not found", &response);
      break;
    case ServerReflectionRequest::kFileContainingExtension:
      TellExtension(request.file_containing_extension().containing_type(),
                    request.file_containing_extension().extension_number(),
                    &response);
      break;
    case ServerReflectionRequest::kAllExtensionNumbersOfType:
      TellExtensionNumbers(request.all_extension_numbers_of_type(), &response);
      break;
    case ServerReflectionRequest::kListServices:
      for (const std::string& service : services_) {
        response.mutable_list_services_response()->add_service()->set_name(
            service);
      }
      break;
    case ServerReflectionRequest::MESSAGE_REQUEST_NOT_SET:
      // Nothing, or a question that only a later version knows.
      Fail(absl::StatusCode::kUnimplemented, "unknown kind of request",
           &response);
      break;
  }
  return response;
}

}  // namespace frontrunner
