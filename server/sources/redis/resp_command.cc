#include "server/sources/redis/resp_command.h"

#include <hiredis/hiredis.h>

#include <array>
#include <cassert>
#include <new>

namespace frontrunner {

void AppendCommand(std::string& out,
                   std::initializer_list<std::string_view> arguments) {
  constexpr size_t kMost = 8;
  assert(arguments.size() <= kMost);
  std::array<const char*, kMost> data{};
  std::array<size_t, kMost> sizes{};
  int count = 0;
  for (std::string_view argument : arguments) {
    data[count] = argument.data();
    sizes[count] = argument.size();
    ++count;
  }
  char* formatted = nullptr;
  const int size =
      redisFormatCommandArgv(&formatted, count, data.data(), sizes.data());
  if (size < 0) throw std::bad_alloc();
  out.append(formatted, static_cast<size_t>(size));
  redisFreeCommand(formatted);
}

}  // namespace frontrunner
