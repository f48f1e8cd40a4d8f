/* A plugin that needs what nobody has. */
#include "server/sources/computation/plugin_abi.h"

extern int a_symbol_that_nobody_has(void);

FRONTRUNNER_EXPORT const frontrunner_plugin* frontrunner_plugin_describe(void) {
  a_symbol_that_nobody_has();
  return NULL;
}
