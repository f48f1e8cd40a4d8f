#include "server/sources/memcached/server_choice.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "server/tables/key_hash.h"

namespace frontrunner {
namespace {

constexpr int kKeys = 20000;

/// Which server has each of the keys.
std::vector<std::string> Owners(const std::vector<std::string>& names) {
  const ServerChoice choice(names);
  std::vector<std::string> owners;
  owners.reserve(kKeys);
  for (int i = 0; i < kKeys; ++i) {
    owners.push_back(names[choice.Of(KeyHash("t", std::to_string(i)))]);
  }
  return owners;
}

TEST(ServerChoice, OneServerHasEverything) {
  EXPECT_EQ(Owners({"a:1"}), std::vector<std::string>(kKeys, "a:1"));
}

TEST(ServerChoice, SharesAreEven) {
  std::map<std::string, int> shares;
  for (const std::string& owner : Owners({"a:1", "a:2", "b:1", "b:2"})) {
    ++shares[owner];
  }
  ASSERT_EQ(shares.size(), 4);
  for (const auto& [name, share] : shares) {
    EXPECT_NEAR(share, kKeys / 4, kKeys / 40) << name;
  }
}

TEST(ServerChoice, TheOrderOfTheServersDoesNotMatter) {
  EXPECT_EQ(Owners({"a:1", "a:2", "b:1"}), Owners({"b:1", "a:1", "a:2"}));
}

TEST(ServerChoice, RemovingOneServerMovesOnlyItsShare) {
  const auto before = Owners({"a:1", "a:2", "b:1", "b:2"});
  const auto after = Owners({"a:1", "a:2", "b:2"});
  std::map<std::string, int> heirs;
  for (int i = 0; i < kKeys; ++i) {
    if (before[i] == "b:1") {
      ++heirs[after[i]];
    } else {
      ASSERT_EQ(after[i], before[i]);
    }
  }
  // Evenly to all others.
  ASSERT_EQ(heirs.size(), 3);
  for (const auto& [name, share] : heirs) {
    EXPECT_NEAR(share, kKeys / 12, kKeys / 80) << name;
  }
}

// Caches shared by several Frontrunners, perhaps of different versions, work
// only if all of them choose alike.
TEST(ServerChoice, NeverChanges) {
  const ServerChoice choice({"127.0.0.1:11211", "127.0.0.1:11212", "unix:/m"});
  std::string owners;
  for (int i = 0; i < 24; ++i) {
    owners += std::to_string(choice.Of(KeyHash("t", std::to_string(i))));
  }
  EXPECT_EQ(owners, "012122021120002022111100");
}

}  // namespace
}  // namespace frontrunner
