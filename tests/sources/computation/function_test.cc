#include "server/sources/computation/function.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/fakes/fake_source.h"

namespace frontrunner {
namespace {

ComputeFunction Says(std::string text) {
  return [text = std::move(text)](const CallContext&, const std::stop_token&) {
    return TextValue(text);
  };
}

TEST(FunctionRegistry, FindsWhatWasAdded) {
  FunctionRegistry registry;
  EXPECT_TRUE(registry.Add("a", Says("A")).ok());
  EXPECT_TRUE(registry.Add("b", Says("B")).ok());
  const auto found = registry.Find("b");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(*(*found)(*TextQuery("k").call, {})->bytes, "B");
}

TEST(FunctionRegistry, ListsWhatIsThereWhenANameIsNot) {
  FunctionRegistry registry;
  EXPECT_EQ(registry.Find("x").status().message(),
            "no function \"x\" is linked in; there is none at all");
  EXPECT_TRUE(registry.Add("b", Says("B")).ok());
  EXPECT_TRUE(registry.Add("a", Says("A")).ok());
  EXPECT_EQ(
      registry.Find("x").status(),
      absl::NotFoundError("no function \"x\" is linked in; there is: a, b"));
}

TEST(FunctionRegistry, RefusesASecondOfTheSameName) {
  FunctionRegistry registry;
  EXPECT_TRUE(registry.Add("a", Says("first")).ok());
  EXPECT_EQ(registry.Add("a", Says("second")).code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(*(*registry.Find("a"))(*TextQuery("k").call, {})->bytes, "first");
}

TEST(PlainMessage, IsShortPrintableAscii) {
  EXPECT_EQ(PlainMessage("fine, thanks"), "fine, thanks");
  EXPECT_EQ(PlainMessage("a\nb\x7f\xc3\xa9\t"), "a?b????");
  EXPECT_EQ(PlainMessage(std::string(5000, 'x')), std::string(256, 'x'));
}

}  // namespace
}  // namespace frontrunner
