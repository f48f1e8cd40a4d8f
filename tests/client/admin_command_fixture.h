#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/client/fake_admin_server.h"
#include "tests/client/run_program.h"
#include "tests/client/running_program.h"

namespace frontrunner {

/// The frontrunner command as an operator runs it, against a fake server.
class AdminCommand : public testing::Test {
 protected:
  std::vector<std::string> Environment() const {
    return {"FRONTRUNNER_ADMIN_ADDRESS=" + server_.address()};
  }

  static std::vector<std::string> Argv(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), FRONTRUNNER_COMMAND);
    return arguments;
  }

  ProgramResult Run(std::vector<std::string> arguments,
                    const std::string& input = "") const {
    return RunProgram(Argv(std::move(arguments)), input, Environment());
  }

  FakeAdminServer server_;
};

}  // namespace frontrunner
