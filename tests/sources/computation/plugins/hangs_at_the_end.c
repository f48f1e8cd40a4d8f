/* A plugin that answers well, and does not let go of the process. */
#include <stddef.h>
#include <unistd.h>

#include "server/sources/computation/plugin_abi.h"

static int32_t echo(frontrunner_call* call, void* user_data) {
  (void)user_data;
  call->write(call, call->key, call->key_size);
  return FRONTRUNNER_OK;
}

static const frontrunner_function functions[] = {{"echo", echo, NULL, NULL}};

static const frontrunner_plugin plugin = {FRONTRUNNER_ABI_VERSION, 1,
                                          functions};

FRONTRUNNER_EXPORT const frontrunner_plugin* frontrunner_plugin_describe(void) {
  return &plugin;
}

__attribute__((destructor)) static void hang(void) {
  for (;;) pause();
}
