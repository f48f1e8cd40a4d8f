/* A plugin that breaks its promise to describe itself. */
#include "server/sources/computation/plugin_abi.h"

FRONTRUNNER_EXPORT const frontrunner_plugin* frontrunner_plugin_describe(void) {
  return NULL;
}
