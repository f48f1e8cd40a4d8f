#pragma once

#include "frontrunner/config/v1/config.pb.h"
#include "server/config/mistakes.h"

namespace frontrunner::config {

/// What no field can say alone. Each looks at one idea, adds what it finds, and
/// passes over what the reader has already complained about.

/// Every source in a race exists, and is there once.
void CheckRaces(const v1::Config& config, Findings& findings);

/// No two servers listen on one address.
void CheckListens(const v1::Config& config, Findings& findings);

/// A message has room for the largest key and value.
void CheckLimits(const v1::Config& config, Findings& findings);

/// The low water mark is not above the high one.
void CheckOutstanding(const v1::Config& config, Findings& findings);

/// A retry is a list of delays or a schedule, which does not begin above its
/// own limit, and it is not of a source that is never started.
void CheckRetries(const v1::Config& config, Findings& findings);

/// A queue is before something that is started, and a burst is one of a rate.
void CheckQueues(const v1::Config& config, Findings& findings);

/// A connection that is asked to end leaves its calls the time that they may
/// take.
void CheckConnectionAge(const v1::Config& config, Findings& findings);

/// An http source's answer depends on the key, what it sends can be sent, and
/// it has no password that everybody sees.
void CheckHttp(const v1::Config& config, Findings& findings);

}  // namespace frontrunner::config
