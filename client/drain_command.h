#pragma once

#include "client/admin_session.h"

namespace frontrunner {

/// `frontrunner drain [--wait]`. With --wait it counts as done when nobody
/// listens any more, or a server that does not drain has come after one that
/// did, or after nobody.
ExitCode RunDrain(AdminSession& session);

}  // namespace frontrunner
