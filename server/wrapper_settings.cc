#include "server/wrapper_settings.h"

#include "server/base/status.h"
#include "server/config/proto_time.h"

namespace frontrunner {

DispatchQueue::Settings QueueSettings(const std::string& source,
                                      const config::v1::Limit& config) {
  return {.name = source,
          .width = static_cast<int>(config.width()),
          .max_pending = config.max_pending(),
          .per_second = config.per_second(),
          .burst = static_cast<int>(config.burst())};
}

RetrySettings RetrySettingsOf(const config::v1::Retry& config) {
  RetrySettings settings;
  for (const auto& delay : config.backoff()) {
    settings.backoff.push_back(config::ToDuration(delay));
  }
  settings.schedule = {.initial = config::ToDuration(config.initial()),
                       .multiplier = config.multiplier(),
                       .max = config::ToDuration(config.max()),
                       .attempts = static_cast<int>(config.attempts()),
                       .jitter = config.jitter()};
  settings.codes.reset();
  for (const int code : config.codes()) {
    settings.codes.set(static_cast<size_t>(code));
  }
  for (const auto& [name, times] : config.at_most()) {
    // Checked: it is the name of a code.
    settings.at_most[*CodeFromName(name)] = static_cast<int>(times);
  }
  return settings;
}

RetryBudget::Settings BudgetSettings(const config::v1::Source& config) {
  RetryBudget::Settings settings;
  if (config.has_retry()) settings.ratio = config.retry().budget();
  return settings;
}

}  // namespace frontrunner
