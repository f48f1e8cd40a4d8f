// The demo's computation: the names that Unicode defines by rule.
#include <string>
#include <string_view>

#include "deploy/demo/unicode_names/rule_names.h"
#include "server/sources/computation/plugin_abi.h"

namespace {

int32_t UnicodeName(frontrunner_call* call, void* /*user_data*/) {
  const std::string_view key(reinterpret_cast<const char*>(call->key),
                             call->key_size);
  const auto code_point = unicode_names::ParseCodePoint(key);
  const auto name = code_point ? unicode_names::RuleName(*code_point)
                               : std::optional<std::string>();
  if (!name) {
    call->explain(call, "not its kind");
    return FRONTRUNNER_NOT_FOUND;
  }
  return call->write(call, name->data(), name->size()) == 0
             ? FRONTRUNNER_OK
             : FRONTRUNNER_RESOURCE_EXHAUSTED;
}

constexpr frontrunner_function kFunctions[] = {
    {"unicode_name", UnicodeName, nullptr, nullptr},
};
constexpr frontrunner_plugin kPlugin = {FRONTRUNNER_ABI_VERSION, 1, kFunctions};

}  // namespace

FRONTRUNNER_EXPORT const frontrunner_plugin* frontrunner_plugin_describe() {
  return &kPlugin;
}
