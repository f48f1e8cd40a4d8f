#include "server/rpc/tables_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace frontrunner {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TablesDirectory Directory(const std::vector<std::string>& names) {
  std::vector<std::shared_ptr<const Table>> tables;
  for (const std::string& name : names) {
    auto settings = std::make_shared<TableSettings>();
    settings->name = name;
    Table::Parts parts;
    parts.settings = settings;
    tables.push_back(std::make_shared<Table>(std::move(parts)));
  }
  return TablesDirectory(std::move(tables));
}

TEST(TablesDirectory, FindsByName) {
  const TablesDirectory directory = Directory({"b", "a"});
  EXPECT_EQ(directory.Find("a")->settings().name, "a");
  EXPECT_EQ(directory.Find("b")->settings().name, "b");
  EXPECT_EQ(directory.Find("c"), nullptr);
  EXPECT_EQ(directory.Find(""), nullptr);
  EXPECT_EQ(directory.Find("A"), nullptr);
}

TEST(TablesDirectory, IsInAlphabeticalOrder) {
  const TablesDirectory directory = Directory({"c", "a", "b"});
  std::vector<std::string> names;
  for (const auto& table : directory.tables()) {
    names.push_back(table->settings().name);
  }
  EXPECT_THAT(names, ElementsAre("a", "b", "c"));
}

TEST(TablesDirectory, Fault06_KnowsWhatAMisspeltNameIsNearTo) {
  const TablesDirectory directory =
      Directory({"unicode", "users", "orders", "unicorn"});
  EXPECT_THAT(directory.NearNames("unicod"), ElementsAre("unicode", "unicorn"));
  EXPECT_THAT(directory.NearNames("suers"), ElementsAre("users"));  // swapped
  EXPECT_THAT(directory.NearNames("order"), ElementsAre("orders"));
  EXPECT_THAT(directory.NearNames("cities"), IsEmpty());
}

TEST(TablesDirectory, ListsAtMostThreeNearNames) {
  const TablesDirectory directory =
      Directory({"names1", "names2", "names3", "names4"});
  EXPECT_THAT(directory.NearNames("names"),
              ElementsAre("names1", "names2", "names3"));
}

TEST(TablesDirectory, AVeryLongNameIsNearToNothing) {
  const TablesDirectory directory = Directory({"unicode"});
  EXPECT_THAT(directory.NearNames(std::string(1 << 20, 'u')), IsEmpty());
}

}  // namespace
}  // namespace frontrunner
