/*
 * The C interface between Frontrunner and a computation in a shared library.
 * This file is all that a plugin needs; it is plain C and may be copied.
 *
 * A plugin exports one symbol, frontrunner_plugin_describe(), which returns a
 * description of the functions it offers:
 *
 *   #include "plugin_abi.h"
 *
 *   static int32_t greet(frontrunner_call* call, void* user_data) {
 *     (void)user_data;
 *     if (call->key_size == 0) return FRONTRUNNER_NOT_FOUND;
 *     if (call->write(call, "hello ", 6) != 0) {
 *       return FRONTRUNNER_RESOURCE_EXHAUSTED;
 *     }
 *     call->write(call, call->key, call->key_size);
 *     return FRONTRUNNER_OK;
 *   }
 *   static const frontrunner_function functions[] = {{.name = "greet",
 *                                                     .call = greet}};
 *   static const frontrunner_plugin plugin = {FRONTRUNNER_ABI_VERSION, 1,
 *                                             functions};
 *   FRONTRUNNER_EXPORT const frontrunner_plugin*
 *   frontrunner_plugin_describe(void) {
 *     return &plugin;
 *   }
 *
 *   cc -shared -fPIC -o libgreet.so greet.c
 *
 * Threads: a function is called from several threads at once, as many as the
 * configuration's `threads`. A call runs on one thread from beginning to end,
 * and everything in frontrunner_call is for that thread and that call only.
 *
 * Time: a call may take as long as it likes, but it holds its thread for so
 * long. A long one polls stopped() and gives up when it is told to.
 *
 * A C++ plugin may let exceptions out of a call: they fail that one lookup.
 * Out of describe, init and destroy none may come.
 */
/* Plain C: C++'s lint has nothing to say here. NOLINTBEGIN */
#ifndef FRONTRUNNER_PLUGIN_ABI_H_
#define FRONTRUNNER_PLUGIN_ABI_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define FRONTRUNNER_EXPORT extern "C" __attribute__((visibility("default")))
#else
#define FRONTRUNNER_EXPORT __attribute__((visibility("default")))
#endif

/*
 * Changes only when a plugin compiled against an older header would not work
 * any more. New members come at the end of frontrunner_call, and call->size
 * tells which are there.
 */
#define FRONTRUNNER_ABI_VERSION 1u

/*
 * What a call and an init may return; the numbers are gRPC's status codes. Any
 * other number is taken for FRONTRUNNER_INTERNAL.
 */
enum {
  /* What was written is the value. */
  FRONTRUNNER_OK = 0,
  /* It gave up because stopped() said so. */
  FRONTRUNNER_CANCELLED = 1,
  FRONTRUNNER_UNKNOWN = 2,
  /* The key is malformed. */
  FRONTRUNNER_INVALID_ARGUMENT = 3,
  FRONTRUNNER_DEADLINE_EXCEEDED = 4,
  /* A miss: the key is not of the kind that this function computes, or has no
   * value. Others may have it. */
  FRONTRUNNER_NOT_FOUND = 5,
  FRONTRUNNER_ALREADY_EXISTS = 6,
  FRONTRUNNER_PERMISSION_DENIED = 7,
  /* write() said no, or memory is short. */
  FRONTRUNNER_RESOURCE_EXHAUSTED = 8,
  FRONTRUNNER_FAILED_PRECONDITION = 9,
  FRONTRUNNER_ABORTED = 10,
  FRONTRUNNER_OUT_OF_RANGE = 11,
  FRONTRUNNER_UNIMPLEMENTED = 12,
  FRONTRUNNER_INTERNAL = 13,
  /* Something that it needs is away for now; asking again may help. */
  FRONTRUNNER_UNAVAILABLE = 14,
  FRONTRUNNER_DATA_LOSS = 15,
  FRONTRUNNER_UNAUTHENTICATED = 16,
};

#ifdef __cplusplus
extern "C" {
#endif

/* One lookup. The host owns it; it is gone when the function returns. */
typedef struct frontrunner_call frontrunner_call;
struct frontrunner_call {
  /* sizeof(frontrunner_call) as the host knows it. */
  uint32_t size;

  /* What is asked. Any bytes; not terminated by a zero. */
  const char* table;
  size_t table_size;
  const unsigned char* key;
  size_t key_size;

  /* Not zero as soon as nobody wants the result any more. Cheap: it reads one
   * flag. */
  int (*stopped)(const frontrunner_call* call);

  /* Appends to the value. Zero when it was taken; otherwise the value has
   * become larger than is allowed, or memory is short, and the lookup fails
   * whatever the function returns. */
  int (*write)(frontrunner_call* call, const void* bytes, size_t size);

  /* Why the call fails, as text ended by a zero; copied, cut at 256 bytes. It
   * reaches callers and logs, so it shall not repeat the key. Left out of a
   * success. */
  void (*explain)(frontrunner_call* call, const char* message);

  /* For how many nanoseconds the value may be kept; zero: not at all. Without
   * this the table's setting holds. */
  void (*fresh_for)(frontrunner_call* call, int64_t nanoseconds);

  /* The host's own. */
  void* host;
};

typedef struct frontrunner_function {
  /* As the configuration spells it. */
  const char* name;

  /* Computes. Returns one of the codes above. */
  int32_t (*call)(frontrunner_call* call, void* user_data);

  /* Called once before the first call; may be null. What it stores in
   * *user_data is handed to every call. When it fails, it may explain itself
   * in `message`, a buffer of that size, ended by a zero; then the
   * configuration is refused and destroy is not called. */
  int32_t (*init)(void** user_data, char* message, size_t message_size);

  /* Called once after the last call has returned, on any thread; may be
   * null. */
  void (*destroy)(void* user_data);
} frontrunner_function;

typedef struct frontrunner_plugin {
  /* FRONTRUNNER_ABI_VERSION as the plugin was compiled. */
  uint32_t abi_version;
  uint32_t function_count;
  /* So many, valid as long as the library is loaded. */
  const frontrunner_function* functions;
} frontrunner_plugin;

/* The symbol that the host looks for, and its type. Never returns null. */
#define FRONTRUNNER_PLUGIN_SYMBOL "frontrunner_plugin_describe"
typedef const frontrunner_plugin* (*frontrunner_plugin_describe_type)(void);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* FRONTRUNNER_PLUGIN_ABI_H_ */
/* NOLINTEND */
