/* A plugin in plain C: one function for each thing that a plugin may do. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/sources/computation/plugin_abi.h"

/* The key, backwards. */
static int32_t reverse(frontrunner_call* call, void* user_data) {
  (void)user_data;
  for (size_t i = call->key_size; i > 0; --i) {
    if (call->write(call, call->key + i - 1, 1) != 0) {
      return FRONTRUNNER_RESOURCE_EXHAUSTED;
    }
  }
  return FRONTRUNNER_OK;
}

/* The table, a slash, the key; fresh for five seconds. */
static int32_t table_and_key(frontrunner_call* call, void* user_data) {
  (void)user_data;
  call->write(call, call->table, call->table_size);
  call->write(call, "/", 1);
  call->write(call, call->key, call->key_size);
  call->fresh_for(call, 5000000000);
  return FRONTRUNNER_OK;
}

/* Fails with the code that the key spells, and explains it with what follows
 * the colon, if there is one. */
static int32_t fail_with(frontrunner_call* call, void* user_data) {
  (void)user_data;
  char text[512] = {0};
  memcpy(text, call->key,
         call->key_size < sizeof(text) ? call->key_size : sizeof(text) - 1);
  char* colon = strchr(text, ':');
  if (colon) call->explain(call, colon + 1);
  return atoi(text);
}

/* So many thousand bytes as the key says, and success whatever write says. */
static int32_t thousands(frontrunner_call* call, void* user_data) {
  (void)user_data;
  char text[16] = {0};
  char block[1000];
  memset(block, 'x', sizeof(block));
  memcpy(text, call->key, call->key_size < 15 ? call->key_size : 15);
  for (int i = atoi(text); i > 0; --i) call->write(call, block, sizeof(block));
  return FRONTRUNNER_OK;
}

/* Goes on until it is stopped. */
static int32_t until_stopped(frontrunner_call* call, void* user_data) {
  (void)user_data;
  const struct timespec pause = {0, 1000000};
  while (!call->stopped(call)) nanosleep(&pause, NULL);
  return FRONTRUNNER_CANCELLED;
}

/* Counts its calls in what init made, and what is alive of that in the
 * environment, where a test can see it. */
static int32_t counter_init(void** user_data, char* message, size_t size) {
  (void)message;
  (void)size;
  *user_data = calloc(1, sizeof(int));
  setenv("WELL_BEHAVED_COUNTER", "alive", 1);
  return FRONTRUNNER_OK;
}
static int32_t counter(frontrunner_call* call, void* user_data) {
  const char digit = (char)('0' + ++*(int*)user_data % 10);
  call->write(call, &digit, 1);
  return FRONTRUNNER_OK;
}
static void counter_destroy(void* user_data) {
  free(user_data);
  setenv("WELL_BEHAVED_COUNTER", "destroyed", 1);
}

static int32_t init_fails(void** user_data, char* message, size_t size) {
  (void)user_data;
  strncpy(message, "no model file", size);
  return FRONTRUNNER_UNAVAILABLE;
}

static const frontrunner_function functions[] = {
    {"reverse", reverse, NULL, NULL},
    {"table_and_key", table_and_key, NULL, NULL},
    {"fail_with", fail_with, NULL, NULL},
    {"thousands", thousands, NULL, NULL},
    {"until_stopped", until_stopped, NULL, NULL},
    {"counter", counter, counter_init, counter_destroy},
    {"init_fails", reverse, init_fails, counter_destroy},
};

static const frontrunner_plugin plugin = {
    FRONTRUNNER_ABI_VERSION, sizeof(functions) / sizeof(functions[0]),
    functions};

FRONTRUNNER_EXPORT const frontrunner_plugin* frontrunner_plugin_describe(void) {
  return &plugin;
}
