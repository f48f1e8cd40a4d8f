#include "server/sources/http/http_source.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/base/strings.h"
#include "server/sources/http/http_origin.h"
#include "server/sources/http/http_parts.h"
#include "server/sources/http/http_status.h"
#include "server/sources/http/json_pick.h"

namespace frontrunner {
namespace {

/// Fails at the end of the turn.
class FailedAttempt final : public Attempt {
 public:
  FailedAttempt(Loop& loop, absl::Status status, Done done)
      : timer_(loop.At(loop.Now(), [status = std::move(status),
                                    done = std::move(done)]() mutable {
          std::move(done)(std::move(status));
        })) {}

 private:
  const std::unique_ptr<Timer> timer_;
};

Outcome OutcomeOf(const HttpParts& parts, HttpReply reply) {
  const absl::Status status = StatusOfReply(reply, parts);
  if (!status.ok()) return status;
  Value value;
  value.age = reply.age;
  value.fresh_for = reply.fresh_for;
  if (parts.value.steps().empty()) {
    value.bytes = MakeBytes(std::move(reply.body));
    return value;
  }
  auto picked = PickJson(reply.body, parts.value);
  if (!picked.ok()) {
    return absl::InternalError(
        absl::StrCat(parts.who(), ": ", picked.status().message()));
  }
  if (!*picked) {
    return absl::InternalError(
        absl::StrCat(parts.who(), ": nothing is where its value should be"));
  }
  value.bytes = MakeBytes(std::move((*picked)->text));
  return value;
}

class HttpSource final : public Source {
 public:
  explicit HttpSource(std::shared_ptr<const HttpParts> parts)
      : parts_(std::move(parts)) {}

  std::string_view name() const override { return parts_->settings.name; }

  std::unique_ptr<Attempt> Start(const Query& query, Done done) override {
    absl::StatusOr<std::string> url = parts_->url.Render(query.call->key);
    if (!url.ok()) {
      return std::make_unique<FailedAttempt>(parts_->client->loop(),
                                             url.status(), std::move(done));
    }
    const HttpSettings& settings = parts_->settings;
    std::string body =
        settings.post ? RenderBody(settings.body, query.call->key) : "";
    if (settings.pages) {
      return StartPages(parts_, *std::move(url), std::move(body),
                        std::move(done));
    }
    return parts_->client->Start(
        {.url = *std::move(url),
         .post = settings.post,
         .body = std::move(body),
         .max_bytes = settings.max_bytes},
        [parts = parts_,
         done = std::move(done)](absl::StatusOr<HttpReply> reply) mutable {
          Outcome outcome = reply.ok() ? OutcomeOf(*parts, *std::move(reply))
                                       : reply.status();
          std::move(done)(std::move(outcome));
        });
  }

 private:
  const std::shared_ptr<const HttpParts> parts_;
};

/// As JsonPointer::Parse; failures name the field.
absl::Status ParseInto(JsonPointer& pointer, std::string_view field,
                       std::string_view text) {
  absl::StatusOr<JsonPointer> parsed = JsonPointer::Parse(text);
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(Absl(field), ": ", parsed.status().message()));
  }
  pointer = *std::move(parsed);
  return absl::OkStatus();
}

absl::Status ParsePages(const PagesSettings& settings, PagePointers& pages) {
  if (settings.parameter.empty()) {
    return absl::InvalidArgumentError("pages.parameter: it is required");
  }
  absl::Status status = ParseInto(pages.next, "pages.next", settings.next);
  if (status.ok()) {
    status = ParseInto(pages.items, "pages.items", settings.items);
  }
  if (status.ok()) status = ParseInto(pages.id, "pages.id", settings.id);
  return status;
}

}  // namespace

absl::Status StatusOfReply(const HttpReply& reply, const HttpParts& parts) {
  absl::Status status =
      StatusOfHttp(reply.status, parts.settings.statuses, parts.who());
  const bool may_say_when = reply.status == 429 || reply.status == 503;
  if (may_say_when && reply.retry_after > Duration(0)) {
    return WithPushback(std::move(status), reply.retry_after);
  }
  return status;
}

absl::StatusOr<std::shared_ptr<Source>> MakeHttpSource(EventLoop& loop,
                                                       HttpSettings settings) {
  absl::StatusOr<UrlTemplate> url = UrlTemplate::Parse(settings.url);
  if (!url.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("url: ", url.status().message()));
  }
  const absl::StatusOr<std::string> example = url->Render("key");
  if (!example.ok() || !OriginOf(*example)) {
    return absl::InvalidArgumentError("url: it is not a URL");
  }
  JsonPointer value;
  PagePointers pages;
  absl::Status status = ParseInto(value, "value", settings.value);
  if (status.ok() && settings.pages) {
    status = settings.value.empty()
                 ? ParsePages(*settings.pages, pages)
                 : absl::InvalidArgumentError(
                       "value: a list in pages is taken from pages.items");
  }
  if (!status.ok()) return status;
  absl::StatusOr<std::shared_ptr<HttpClient>> client =
      HttpClient::Make(loop, settings, url->https(), url->authority());
  if (!client.ok()) return client.status();
  return std::make_shared<HttpSource>(std::make_shared<const HttpParts>(
      HttpParts{.settings = std::move(settings),
                .url = *std::move(url),
                .value = std::move(value),
                .pages = std::move(pages),
                .client = *std::move(client)}));
}

}  // namespace frontrunner
