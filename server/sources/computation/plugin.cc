#include "server/sources/computation/plugin.h"

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/base/strings.h"
#include "server/sources/computation/plugin_abi.h"

namespace frontrunner {
namespace {

/// One call under way, as plugin_abi.h shows it to the plugin.
class HostCall {
 public:
  HostCall(const CallContext& call, const std::stop_token& stop,
           size_t max_value)
      : stop_(stop), max_value_(max_value) {
    shown_.size = sizeof(shown_);
    shown_.table = call.table.data();
    shown_.table_size = call.table.size();
    shown_.key = reinterpret_cast<const unsigned char*>(call.key.data());
    shown_.key_size = call.key.size();
    shown_.stopped = &Stopped;
    shown_.write = &Write;
    shown_.explain = &Explain;
    shown_.fresh_for = &FreshFor;
    shown_.host = this;
  }
  HostCall(const HostCall&) = delete;
  HostCall& operator=(const HostCall&) = delete;

  frontrunner_call* shown() { return &shown_; }

  /// After the call.
  Outcome Result(int32_t status) && {
    if (out_of_memory_) {
      return absl::ResourceExhaustedError("the computation ran out of memory");
    }
    if (too_large_) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the computed value is above ", max_value_, " bytes"));
    }
    if (status != FRONTRUNNER_OK) return Failure(status);
    Value value;
    value.bytes = MakeBytes(std::move(value_));
    value.fresh_for = fresh_for_;
    return value;
  }

 private:
  absl::Status Failure(int32_t status) {
    constexpr int32_t kLastCode = 16;
    if (status < 0 || status > kLastCode) {
      return absl::InternalError(absl::StrCat(
          "the computation returned ", status, ", which is no status code"));
    }
    const auto code = static_cast<absl::StatusCode>(status);
    if (message_.empty()) {
      message_ = code == absl::StatusCode::kNotFound
                     ? "not its kind"
                     : "the computation failed without saying why";
    }
    return absl::Status(code, message_);
  }

  static HostCall& Of(const frontrunner_call* call) {
    return *static_cast<HostCall*>(call->host);
  }

  // Called by C code: no exception may leave them.
  static int Stopped(const frontrunner_call* call) {
    return Of(call).stop_.stop_requested() ? 1 : 0;
  }
  static int Write(frontrunner_call* call, const void* bytes, size_t size) {
    HostCall& self = Of(call);
    if (self.too_large_ || self.out_of_memory_) return 1;
    if (size > self.max_value_ - self.value_.size()) {
      self.too_large_ = true;
      return 1;
    }
    if (size == 0) return 0;
    try {
      self.value_.append(static_cast<const char*>(bytes), size);
    } catch (const std::bad_alloc&) {
      self.out_of_memory_ = true;
      return 1;
    }
    return 0;
  }
  static void Explain(frontrunner_call* call, const char* message) {
    if (!message) return;
    try {
      Of(call).message_ = PlainMessage(message);
    } catch (const std::bad_alloc&) {
      Of(call).out_of_memory_ = true;
    }
  }
  static void FreshFor(frontrunner_call* call, int64_t nanoseconds) {
    Of(call).fresh_for_ = Duration(std::max<int64_t>(0, nanoseconds));
  }

  const std::stop_token& stop_;
  const size_t max_value_;
  frontrunner_call shown_{};
  std::string value_;
  std::string message_;
  std::optional<Duration> fresh_for_;
  bool too_large_ = false;
  bool out_of_memory_ = false;
};

/// A loaded library and one of its functions, initialised. Thread-safe.
class Plugin {
 public:
  explicit Plugin(void* library) : library_(library) {}
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;
  ~Plugin() {
    if (function_ && function_->destroy) function_->destroy(user_data_);
    dlclose(library_);
  }

  absl::Status Init(const PluginSettings& settings);

  Outcome Call(const CallContext& call, const std::stop_token& stop) const {
    HostCall host_call(call, stop, max_value_);
    const int32_t status = function_->call(host_call.shown(), user_data_);
    return std::move(host_call).Result(status);
  }

 private:
  void* const library_;
  /// Null until it is initialised.
  const frontrunner_function* function_ = nullptr;
  void* user_data_ = nullptr;
  size_t max_value_ = 0;
};

std::string LoaderReason() {
  const char* reason = dlerror();
  return reason ? PlainMessage(reason) : "for a reason the loader didn't give";
}

absl::StatusOr<const frontrunner_function*> FindFunction(
    const frontrunner_plugin& described, const PluginSettings& settings) {
  std::string names;
  for (uint32_t i = 0; i < described.function_count; ++i) {
    const frontrunner_function& function = described.functions[i];
    if (!function.name || !function.call) continue;
    if (settings.function == function.name) return &function;
    absl::StrAppend(&names, names.empty() ? "" : ", ", function.name);
  }
  return absl::NotFoundError(absl::StrCat(
      "plugin ", settings.library, " has no function \"", settings.function,
      "\"; it has: ", names.empty() ? "none" : PlainMessage(names)));
}

absl::Status Plugin::Init(const PluginSettings& settings) {
  max_value_ = settings.max_value;
  dlerror();  // forget older errors
  void* const symbol = dlsym(library_, FRONTRUNNER_PLUGIN_SYMBOL);
  if (!symbol) {
    return absl::FailedPreconditionError(absl::StrCat(
        settings.library, " is no Frontrunner plugin: ", LoaderReason()));
  }
  const auto describe =
      reinterpret_cast<frontrunner_plugin_describe_type>(symbol);
  const frontrunner_plugin* const described = describe();
  if (!described) {
    return absl::FailedPreconditionError(
        absl::StrCat("plugin ", settings.library, " describes nothing"));
  }
  if (described->abi_version != FRONTRUNNER_ABI_VERSION) {
    return absl::FailedPreconditionError(absl::StrCat(
        "plugin ", settings.library, " was made for version ",
        described->abi_version, " of the plugin ABI; this server has version ",
        FRONTRUNNER_ABI_VERSION));
  }
  auto function = FindFunction(*described, settings);
  if (!function.ok()) return function.status();
  if ((*function)->init) {
    std::array<char, 256> message{};
    const int32_t status =
        (*function)->init(&user_data_, message.data(), message.size());
    if (status != FRONTRUNNER_OK) {
      message.back() = '\0';
      return absl::FailedPreconditionError(
          absl::StrCat("function \"", settings.function, "\" of plugin ",
                       settings.library, " failed to initialise (",
                       Absl(CodeName(static_cast<absl::StatusCode>(status))),
                       "): ", PlainMessage(message.data())));
    }
  }
  function_ = *function;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ComputeFunction> LoadPlugin(const PluginSettings& settings) {
  // Everything is resolved now, so that what is missing is told at start; and
  // its symbols stay its own.
  void* const library = dlopen(settings.library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    return absl::FailedPreconditionError(absl::StrCat(
        "plugin ", settings.library, " can't be loaded: ", LoaderReason()));
  }
  auto plugin = std::make_shared<Plugin>(library);
  if (absl::Status status = plugin->Init(settings); !status.ok()) {
    return status;
  }
  return ComputeFunction(
      [plugin = std::shared_ptr<const Plugin>(std::move(plugin))](
          const CallContext& call, const std::stop_token& stop) {
        return plugin->Call(call, stop);
      });
}

}  // namespace frontrunner
