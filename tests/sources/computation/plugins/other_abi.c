/* A plugin made for another version of the ABI. */
#include "server/sources/computation/plugin_abi.h"

static const frontrunner_plugin plugin = {FRONTRUNNER_ABI_VERSION + 1, 0, NULL};

FRONTRUNNER_EXPORT const frontrunner_plugin* frontrunner_plugin_describe(void) {
  return &plugin;
}
