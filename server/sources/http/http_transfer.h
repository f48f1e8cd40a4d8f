#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "server/sources/http/gunzip.h"
#include "server/sources/http/http_client.h"

namespace frontrunner {

/// One request and, through its redirects, one answer. Belongs to the caller;
/// destroying it takes it out of libcurl.
class HttpTransfer final : public Attempt {
 public:
  HttpTransfer(std::shared_ptr<HttpClient> client, HttpRequest request,
               HttpDone done);
  ~HttpTransfer() override;
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;

  /// Gives it to libcurl, or has it fail soon.
  void Begin();
  /// It fails soon with `status`.
  void Refuse(absl::Status status);

  /// libcurl is through with it: `result` is its CURLcode. True: there is an
  /// outcome to tell. False: it follows a redirect.
  bool Ended(int result);

  /// Runs done; `this` may be gone afterwards.
  void Tell();

 private:
  friend class HttpClient;
  struct Callbacks;

  bool SetUp();
  void SetTarget(const std::string& url, bool own_host);
  /// False: the transfer is to be broken off.
  bool OnBody(std::string_view piece);
  bool OnHeader(std::string_view line);
  absl::Status BeginBody();
  int StatusCode() const;
  absl::Status FailureOf(int result) const;
  HttpReply ReplyNow();
  /// Whether the answer is a redirect that is followed; `outcome_` is set where
  /// it is one that must not be.
  bool Redirected(int status);

  const std::shared_ptr<HttpClient> client_;
  HttpRequest request_;
  HttpDone done_;
  void* easy_ = nullptr;
  bool counted_ = false;
  bool in_engine_ = false;

  size_t redirects_ = 0;
  bool body_began_ = false;
  /// What made us break it off; OK: nothing.
  absl::Status broken_off_;
  /// Of an error's body, read only to keep the connection in use.
  size_t dropped_ = 0;
  bool dropped_too_much_ = false;
  std::optional<Gunzip> gunzip_;
  std::string body_;
  std::optional<absl::StatusOr<HttpReply>> outcome_;
};

}  // namespace frontrunner
