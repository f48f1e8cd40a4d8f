#pragma once

#include "client/admin_session.h"

namespace frontrunner {

/// `frontrunner drain [--wait]`. With --wait it counts as done when nobody
/// listens any more, or a server that does not drain does.
ExitCode RunDrain(AdminSession& session);

}  // namespace frontrunner
