#include "server/sources/http/http_origin.h"

#include <curl/curl.h>

#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace frontrunner {
namespace {

std::optional<std::string> Part(CURLU* url, CURLUPart which) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) {
    return std::nullopt;
  }
  std::string part = absl::AsciiStrToLower(text);
  curl_free(text);
  return part;
}

}  // namespace

std::optional<std::string> OriginOf(const std::string& url) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(
      curl_url(), curl_url_cleanup);
  if (parsed == nullptr ||
      curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) {
    return std::nullopt;
  }
  const auto scheme = Part(parsed.get(), CURLUPART_SCHEME);
  const auto host = Part(parsed.get(), CURLUPART_HOST);
  const auto port = Part(parsed.get(), CURLUPART_PORT);
  if (!scheme || !host || !port || (*scheme != "http" && *scheme != "https")) {
    return std::nullopt;
  }
  return absl::StrCat(*scheme, "://", *host, ":", *port);
}

}  // namespace frontrunner
