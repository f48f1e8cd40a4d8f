#pragma once

#include "client/admin_session.h"

namespace frontrunner {

/// `frontrunner queue …`. kNotFound for an unknown queue or job.
ExitCode RunQueue(AdminSession& session);

}  // namespace frontrunner
