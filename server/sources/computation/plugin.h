#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "server/sources/computation/function.h"

namespace frontrunner {

struct PluginSettings {
  /// The shared library. With a slash a path; without one it is searched for
  /// where the dynamic loader looks (LD_LIBRARY_PATH, the system's folders).
  std::string library;
  /// One of the functions it describes.
  std::string function;
  /// In bytes: more is not taken from it.
  size_t max_value = size_t{1} << 20;
};

/// Loads a shared library (plugin_abi.h) and gives one of its functions. It is
/// initialised here, and destroyed and unloaded with the last copy of what is
/// returned, on whichever thread lets that go. Blocks on the disk: for the
/// start and for reloads, not for a loop.
///
/// Errors: kFailedPrecondition with the loader's reason, for another ABI
/// version, and when its init fails; kNotFound when it has no such function.
absl::StatusOr<ComputeFunction> LoadPlugin(const PluginSettings& settings);

}  // namespace frontrunner
