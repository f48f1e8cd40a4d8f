#pragma once

#include <string>

#include "frontrunner/config/v1/config.pb.h"
#include "server/wrappers/dispatch_queue.h"
#include "server/wrappers/retry.h"
#include "server/wrappers/retry_budget.h"

namespace frontrunner {

/// What the wrappers of a source are told, from its configuration (which is
/// complete, see LoadConfig).
DispatchQueue::Settings QueueSettings(const std::string& source,
                                      const config::v1::Limit& config);
RetrySettings RetrySettingsOf(const config::v1::Retry& config);
/// Of a source without `retry` as well: its hedges count.
RetryBudget::Settings BudgetSettings(const config::v1::Source& config);

}  // namespace frontrunner
