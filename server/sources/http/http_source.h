#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "server/loop/event_loop.h"
#include "server/race/source.h"
#include "server/sources/http/http_settings.h"

namespace frontrunner {

/// Asks an HTTP server, one request a lookup, or one a page where the answer is
/// a list in pages. Always connected: connections are made as they are needed.
/// Destroying an attempt drops its transfer; attempts may outlive the source.
/// An answer's Cache-Control and Age become the value's freshness; a 429's or
/// 503's Retry-After becomes the failure's pushback.
///
/// kInvalidArgument begins with the field of the settings that is wrong. `loop`
/// outlives the source and its attempts; to be called, and destroyed, on its
/// thread or while it does not run.
absl::StatusOr<std::shared_ptr<Source>> MakeHttpSource(EventLoop& loop,
                                                       HttpSettings settings);

}  // namespace frontrunner
