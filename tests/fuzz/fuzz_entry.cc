#include <cstddef>
#include <cstdint>
#include <string_view>

/// The entry of every fuzzer; the build says which body.
namespace frontrunner {
void FUZZ_BODY(std::string_view input);
}  // namespace frontrunner

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  frontrunner::FUZZ_BODY(
      std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
