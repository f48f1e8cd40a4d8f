// Files with many mistakes, and files that nobody in good faith would write.

#include <gtest/gtest.h>

#include <string>

#include "server/config/config.h"

namespace frontrunner {
namespace {

TEST(Config, ReportsAllMistakesInTheOrderOfTheFile) {
  const LoadedConfig loaded = ParseConfig(
      "admin_listen: 10.0.0.1:1\n"
      "tables:\n"
      "  t:\n"
      "    race: [naer, {source: near, start_after: soon}]\n"
      "    deadline: fast\n"
      "sources:\n"
      "  near: {memory: {capacity: big}, extra: {}}\n",
      "dir/f.yaml");
  EXPECT_EQ(
      loaded.Explain(),
      "dir/f.yaml:1:15: admin_listen is \"10.0.0.1:1\"; allowed: "
      "127.0.0.1:port, [::1]:port, localhost:port or unix:/path, since "
      "callers are not authenticated\n"
      "dir/f.yaml:4:12: tables.t.race[0] is the source \"naer\", which "
      "is not there; allowed: near; did you mean \"near\"?\n"
      "dir/f.yaml:4:46: tables.t.race[1].start_after is \"soon\"; "
      "allowed: a duration such as 250ms or 1h30m, from 0s to 24h, or "
      "others_fail\n"
      "dir/f.yaml:5:15: tables.t.deadline is \"fast\"; allowed: a "
      "duration such as 250ms or 1h30m, from 1ms to 24h\n"
      "dir/f.yaml:7:29: sources.near.memory.capacity is \"big\"; "
      "allowed: a size such as 4KiB or 64MiB, from 64KiB to 1TiB\n"
      "dir/f.yaml:7:35: sources.near has no field \"extra\"; allowed: "
      "memory, redis, memcached, grpc, computation, http, timeout, retry, "
      "limit\n");
  ASSERT_EQ(loaded.mistakes.size(), 6U);
  EXPECT_EQ(loaded.mistakes[3].line, 5);
  EXPECT_EQ(loaded.mistakes[3].column, 15);
}

TEST(Config, LongValuesAreCutAndControlCharactersEscaped) {
  const std::string text =
      "admin_listen: \"a\\tb\\u001b" + std::string(500, 'x') +
      "\"\nsources: {s: {memory: {}}}\ntables: {t: {race: [s]}}\n";
  const LoadedConfig loaded = ParseConfig(text, "f");
  ASSERT_EQ(loaded.mistakes.size(), 1U);
  const std::string shown =
      "admin_listen is \"a\\tb\\033" + std::string(76, 'x') + "…\"; allowed";
  EXPECT_EQ(loaded.mistakes[0].text.substr(0, shown.size()), shown);
}

TEST(Config, DeepNestingIsAMistakeAndNotACrash) {
  EXPECT_FALSE(ParseConfig(std::string(100000, '['), "f").ok());
  EXPECT_FALSE(ParseConfig(std::string(100000, '{'), "f").ok());
}

TEST(Config, AnAnchorInsideItselfIsAMistakeAndNotAnEndlessLoop) {
  EXPECT_FALSE(ParseConfig("tables: &a {t: *a, race: *a}\n", "f").ok());
  EXPECT_FALSE(ParseConfig("&a [*a]\n", "f").ok());
}

}  // namespace
}  // namespace frontrunner
