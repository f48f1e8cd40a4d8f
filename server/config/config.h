#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "frontrunner/config/v1/config.pb.h"

namespace frontrunner {

/// Something in the configuration file that can't be.
struct Mistake {
  /// Both from 1, the column in characters; 0 where the mistake has no place,
  /// as with a file that can't be read.
  int line = 0;
  int column = 0;
  /// What was found, what is allowed and, for a misspelt name, what may have
  /// been meant: one line, without the place.
  std::string text;
};

/// What a configuration file says, or everything that is wrong with it.
struct LoadedConfig {
  /// As it was given, for messages.
  std::string file_name;
  /// With every default filled in, so that no field needs another look. Only
  /// to be used if ok().
  config::v1::Config config;
  /// In the order of the file.
  std::vector<Mistake> mistakes;

  bool ok() const { return mistakes.empty(); }

  /// One line per mistake: "FILE:LINE:COLUMN: TEXT". Empty if ok().
  std::string Explain() const;
};

/// Reads and checks a file. Never throws; a file that can't be read, or is
/// larger than 8 MiB, is a mistake. Blocks on the disk. Nothing that the file
/// names (password files, plugins) is opened.
LoadedConfig LoadConfig(const std::string& path);

/// Checks a file's text. Never throws. `file_name` is for messages only.
LoadedConfig ParseConfig(std::string_view text, std::string file_name);

}  // namespace frontrunner
