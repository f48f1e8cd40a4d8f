#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace frontrunner {

/// A file and what is wrong with it, as LoadedConfig::Explain tells it.
struct Case {
  const char* name;
  std::string text;
  std::string mistakes;
};

inline void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

inline std::string Name(const testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

/// What a case needs to have no other mistake: behind its own lines, or before.
inline const std::string& Rest() {
  static const auto* const text =
      new std::string("sources: {s: {memory: {}}}\ntables: {t: {race: [s]}}\n");
  return *text;
}
inline const std::string& Tables() {
  static const auto* const text = new std::string("tables: {t: {race: [s]}}\n");
  return *text;
}

/// Its one test is in mistakes_test.cc; the cases are in several files.
class Mistakes : public testing::TestWithParam<Case> {};

}  // namespace frontrunner
