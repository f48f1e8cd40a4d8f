// A plugin in C++ that lets exceptions out.
#include <new>
#include <stdexcept>
#include <string>

#include "server/sources/computation/plugin_abi.h"

namespace {

int32_t Throws(frontrunner_call* call, void*) {
  const std::string what(reinterpret_cast<const char*>(call->key),
                         call->key_size);
  if (what == "bad_alloc") throw std::bad_alloc();
  if (what == "int") throw 7;
  if (what == "long") throw std::runtime_error(std::string(100000, 'x'));
  if (what == "odd") throw std::runtime_error("a\nb\xff");
  if (what == "error") throw std::runtime_error("no luck");
  call->write(call, "fine", 4);
  return FRONTRUNNER_OK;
}

const frontrunner_function kFunctions[] = {
    {"throws", Throws, nullptr, nullptr},
};
const frontrunner_plugin kPlugin = {FRONTRUNNER_ABI_VERSION, 1, kFunctions};

}  // namespace

FRONTRUNNER_EXPORT const frontrunner_plugin* frontrunner_plugin_describe() {
  return &kPlugin;
}
