#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace frontrunner {

/// Appends a Redis command. Every argument goes with its length, so whatever
/// bytes it has, it stays one argument.
void AppendCommand(std::string& out,
                   std::initializer_list<std::string_view> arguments);

}  // namespace frontrunner
