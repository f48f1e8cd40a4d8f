#pragma once

#include <algorithm>

#include "client/admin_client.h"
#include "client/interrupt.h"
#include "client/options.h"
#include "client/output.h"

namespace frontrunner {

/// For one call: what the options say, but for those commands whose --deadline
/// is that of many calls no more than what each needs.
inline Duration CallDeadline(const Options& options) {
  const Duration usual = AdminClient::Settings().deadline;
  const Duration asked = options.deadline.value_or(usual);
  const bool many = options.command == Options::Command::kPrefetch ||
                    options.command == Options::Command::kDrain;
  return many ? std::min(asked, usual) : asked;
}

/// What every command of AdminService works with. An interruption ends its
/// calls. To be made before any thread is; `options` and `output` must outlive
/// it.
struct AdminSession {
  AdminSession(const Options& the_options, const Output& the_output)
      : options(the_options), output(the_output) {}

  const Options& options;
  const Output& output;
  Interrupt interrupt;
  AdminClient client{
      {.address = options.admin_address, .deadline = CallDeadline(options)}};
  Interrupt::OnInterrupt cancel{interrupt, [this] { client.CancelAll(); }};
};

}  // namespace frontrunner
