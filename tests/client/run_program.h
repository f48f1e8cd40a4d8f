#pragma once

#include <string>
#include <vector>

namespace frontrunner {

struct ProgramResult {
  /// -1 where a signal ended it, or it took longer than 30 s and was killed.
  int exit_code = -1;
  std::string out;
  std::string err;
};

/// Runs argv[0] to its end with `input` on standard input and without any
/// variable of the environment but PATH and `environment` ("NAME=value").
ProgramResult RunProgram(const std::vector<std::string>& argv,
                         const std::string& input = "",
                         const std::vector<std::string>& environment = {});

}  // namespace frontrunner
