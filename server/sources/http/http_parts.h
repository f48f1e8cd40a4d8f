#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "server/race/source.h"
#include "server/sources/http/http_client.h"
#include "server/sources/http/http_settings.h"
#include "server/sources/http/json_pointer.h"
#include "server/sources/http/page_list.h"
#include "server/sources/http/url_template.h"

namespace frontrunner {

/// What an http source and its attempts share; nobody changes it.
struct HttpParts {
  HttpSettings settings;
  UrlTemplate url;
  /// Without steps: the whole body.
  JsonPointer value;
  /// Used where settings.pages is there.
  PagePointers pages;
  std::shared_ptr<HttpClient> client;

  const std::string& who() const { return client->who(); }
};

/// OK for a success; else its failure, with what Retry-After asks for.
absl::Status StatusOfReply(const HttpReply& reply, const HttpParts& parts);

/// Fetches a list page by page (Pages in config.proto): its Value is one JSON
/// array. A page that fails with 500, 502 or 503 is asked for again after
/// Retry-After, or else a moment that grows while it goes on failing; the pages
/// before it are kept. `url`: of the first page. As Source::Start.
std::unique_ptr<Attempt> StartPages(std::shared_ptr<const HttpParts> parts,
                                    std::string url, std::string body,
                                    Done done);

}  // namespace frontrunner
