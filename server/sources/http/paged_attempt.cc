#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/base/status.h"
#include "server/net/backoff.h"
#include "server/sources/http/http_parts.h"

namespace frontrunner {
namespace {

/// What is met by asking for the same page again.
bool IsPassing(int status) {
  return status == 500 || status == 502 || status == 503;
}

/// Before a page is asked for again.
constexpr Backoff::Settings kBackoff = {.first = std::chrono::milliseconds(10),
                                        .max = std::chrono::seconds(1)};

class PagedAttempt final : public Attempt {
 public:
  PagedAttempt(std::shared_ptr<const HttpParts> parts, std::string url,
               std::string body, Done done)
      : parts_(std::move(parts)),
        settings_(*parts_->settings.pages),
        loop_(parts_->client->loop()),
        url_(std::move(url)),
        body_(std::move(body)),
        done_(std::move(done)),
        list_(parts_->pages, settings_.max_pages),
        left_(parts_->settings.max_bytes),
        // Addresses differ, so attempts do not all come back together.
        backoff_(kBackoff, reinterpret_cast<uintptr_t>(this)) {}

  void AskForPage() {
    if (parts_->settings.timeout) {
      timer_ = loop_.At(loop_.Now() + *parts_->settings.timeout,
                        [this] { TimeIsUp(); });
    }
    request_ = parts_->client->Start(
        {.url = list_.cursor()
                    ? WithParameter(url_, settings_.parameter, *list_.cursor())
                    : url_,
         .post = parts_->settings.post,
         .body = body_,
         .max_bytes = left_},
        [this](absl::StatusOr<HttpReply> reply) {
          timer_ = nullptr;
          request_ = nullptr;
          OnReply(std::move(reply));
        });
  }

 private:
  void TimeIsUp() {
    request_ = nullptr;
    Fail(absl::DeadlineExceededError(absl::StrCat(
        parts_->who(), ": no answer within ",
        absl::FormatDuration(absl::FromChrono(*parts_->settings.timeout)))));
  }

  /// As all below: `this` may be gone afterwards.
  void OnReply(absl::StatusOr<HttpReply> reply) {
    if (!reply.ok()) return Fail(reply.status());
    const absl::Status status = StatusOfReply(*reply, *parts_);
    if (status.ok()) return OnPage(*std::move(reply));
    const bool missed = absl::IsNotFound(status);
    if (!missed && IsPassing(reply->status)) return OnPassing(*reply, status);
    Fail(status);
  }

  void OnPassing(const HttpReply& reply, const absl::Status& status) {
    if (errors_ == settings_.max_errors) {
      return Fail(Reworded(
          status, absl::StrCat(status.message(), ", with the ", errors_,
                               " errors allowed (max_errors) used up")));
    }
    ++errors_;
    const Duration wait = std::max(backoff_.Next(), reply.retry_after);
    timer_ = loop_.At(loop_.Now() + wait, [this] { AskForPage(); });
  }

  void OnPage(HttpReply reply) {
    backoff_.Reset();
    left_ -= std::min(left_, reply.body.size());
    age_ = std::max(age_, reply.age);
    if (reply.fresh_for) {
      fresh_for_ =
          std::min(fresh_for_.value_or(*reply.fresh_for), *reply.fresh_for);
    }
    const absl::Status taken = list_.Add(reply.body);
    if (!taken.ok()) {
      return Fail(absl::Status(
          taken.code(), absl::StrCat(parts_->who(), ": ", taken.message())));
    }
    if (list_.cursor()) return AskForPage();
    Value value;
    value.bytes = MakeBytes(std::move(list_).TakeArray());
    value.age = age_;
    value.fresh_for = fresh_for_;
    End(std::move(value));
  }

  /// With another message and all its marks.
  static absl::Status Reworded(const absl::Status& status,
                               const std::string& message) {
    absl::Status reworded(status.code(), message);
    status.ForEachPayload(
        [&](absl::string_view url, const absl::Cord& payload) {
          reworded.SetPayload(url, payload);
        });
    return reworded;
  }

  void Fail(const absl::Status& status) {
    if (list_.pages() == 0) return End(status);
    End(Reworded(status, absl::StrCat(status.message(), " (after ",
                                      list_.pages(), " pages)")));
  }

  void End(Outcome outcome) {
    Done done = std::move(done_);
    std::move(done)(std::move(outcome));
  }

  const std::shared_ptr<const HttpParts> parts_;
  const PagesSettings& settings_;
  EventLoop& loop_;
  const std::string url_;
  const std::string body_;
  Done done_;
  PageList list_;
  /// Bytes that the pages to come may have.
  size_t left_;
  size_t errors_ = 0;
  Backoff backoff_;
  Duration age_{0};
  std::optional<Duration> fresh_for_;
  /// Until a page's time is up, or until it is asked for again.
  std::unique_ptr<Timer> timer_;
  std::unique_ptr<Attempt> request_;
};

}  // namespace

std::unique_ptr<Attempt> StartPages(std::shared_ptr<const HttpParts> parts,
                                    std::string url, std::string body,
                                    Done done) {
  auto attempt = std::make_unique<PagedAttempt>(
      std::move(parts), std::move(url), std::move(body), std::move(done));
  attempt->AskForPage();
  return attempt;
}

}  // namespace frontrunner
