#include "base/fold.h"

#include <gtest/gtest.h>

#include <string>

namespace annals::base {
namespace {

TEST(FoldCase, MakesEqualWhatDiffersInCaseWidthOrComposition) {
  EXPECT_EQ(fold_case("Ärger"), fold_case("A\xCC\x88RGER"));
  EXPECT_EQ(fold_case("STRASSE"), fold_case("Straße"));
  EXPECT_EQ(fold_case("Ａｂｃ"), "abc");
  EXPECT_NE(fold_case("a b"), fold_case("ab"));
  EXPECT_EQ(fold_case(""), "");
}

TEST(IsEmail, TakesWhatMailCanBeSentTo) {
  for (const char* good :
       {"a@b.de", "Anna.Maria+x@Example.co.uk", "o'neil@example.com", "jürgen@müller.example",
        "用户@例子.公司", "_@x-y.example", "first.@docomo.example"}) {
    EXPECT_TRUE(is_email(good)) << good;
  }
}

TEST(IsEmail, RefusesWhatIsNone) {
  for (const char* bad :
       {"",         "@",        "a",        "a@",          "@b.de",    "a@b",     "a b@c.de",
        "a@b c.de", "a@@b.de",  "a@b@c.de", "a@.de",       "a@b.",     "a@-b.de", "a@b-.de",
        "a@b..de",  "<a@b.de>", "a,b@c.de", "a@[1.2.3.4]", "...@b.de", "a\n@b.de"}) {
    EXPECT_FALSE(is_email(bad)) << bad;
  }
  EXPECT_FALSE(is_email(std::string(65, 'a') + "@b.de"));
  EXPECT_FALSE(is_email("a@" + std::string(64, 'b') + ".de"));
  std::string longest = "a@";
  for (int i = 0; i < 5; ++i) longest += std::string(60, 'b') + ".";
  EXPECT_FALSE(is_email(longest + "de"));
}

}  // namespace
}  // namespace annals::base
