#include "base/json_scan.h"

#include <gtest/gtest.h>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace annals::base {
namespace {

using Members = std::vector<std::pair<std::string, std::string>>;

Members members_of(std::string_view text) {
  Members found;
  JsonScan scan(text);
  while (scan.next_member()) found.emplace_back(scan.key(), scan.value());
  return found;
}

std::vector<std::string> items_of(std::string_view text) {
  std::vector<std::string> found;
  JsonScan scan(text);
  while (scan.next_item()) found.emplace_back(scan.value());
  return found;
}

TEST(JsonScan, GivesMembersAsTheyAreWritten) {
  EXPECT_EQ(members_of("{}"), Members{});
  EXPECT_EQ(members_of(R"({"a":1})"), (Members{{"a", "1"}}));
  EXPECT_EQ(members_of(R"({"a":"x\"},","b":{"c":["}",[]]},"d":[1,2],"e":true,"f":null,"g":-3})"),
            (Members{{"a", R"("x\"},")"},
                     {"b", R"({"c":["}",[]]})"},
                     {"d", "[1,2]"},
                     {"e", "true"},
                     {"f", "null"},
                     {"g", "-3"}}));
}

TEST(JsonScan, GivesItemsAsTheyAreWritten) {
  EXPECT_EQ(items_of("[]"), std::vector<std::string>{});
  EXPECT_EQ(items_of(R"(["a]",[[]],{"b":[1]},7])"),
            (std::vector<std::string>{R"("a]")", "[[]]", R"({"b":[1]})", "7"}));
}

TEST(JsonScan, RefusesWhatIsNoObject) {
  for (const char* text :
       {"", "{", "}", "[]", "1", "{\"a\"}", "{\"a\":}", "{\"a\":1", "{\"a\":1,}", "{,}",
        "{\"a\":1}x", "{\"a\":1 \"b\":2}", "{a:1}", "{\"a\":\"}", "{\"a\":\"\\\"}", "{\"a\":1}{}",
        "{\"a\":\"x\ny\"}", "{\"a\":x\"y\"}", "{\"a\":1,,\"b\":2}"}) {
    EXPECT_THROW(members_of(text), Error) << text;
  }
}

TEST(JsonScan, EveryPartOfATextThatIsCutOffIsRefused) {
  const std::string text = R"({"a":"x\"","b":{"c":[1,"é"]},"d":[]})";
  EXPECT_EQ(members_of(text).size(), 3U);
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_THROW(members_of(std::string_view(text).substr(0, size)), Error) << size;
  }
}

TEST(JsonScan, DepthCostsNoStack) {
  const std::string deep(1'000'000, '[');
  EXPECT_THROW(items_of(deep), Error);
}

TEST(JsonString, SaysWhatWasWritten) {
  std::string all;
  for (int c = 0; c < 0x80; ++c) all += static_cast<char>(c);
  all += "Größe \xF0\x9F\x98\x80";
  std::string written;
  append_json_string(written, all);
  EXPECT_EQ(json_string(written), all);
  EXPECT_EQ(json_string(R"("\/\u00e4\uD83D\uDE00\u20ac")"), "/ä\xF0\x9F\x98\x80€");
  EXPECT_EQ(json_string(R"("")"), "");
}

TEST(JsonString, RefusesWhatIsNone) {
  for (const char* text : {"", "\"", "x", "\"x", R"("\")", R"("\x")", R"("\u12")", R"("\uD83D")",
                           R"("\uD83D\u0041")", R"("\uDE00")", R"("\u12g4")", "\"a\"b\""}) {
    EXPECT_THROW(static_cast<void>(json_string(text)), Error) << text;
  }
}

TEST(JsonInteger, IsWholeAndOf64Bits) {
  EXPECT_EQ(json_integer("-9000"), -9000);
  EXPECT_EQ(json_integer("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  for (const char* text : {"", "1.0", "1e3", "9223372036854775808", "true", "\"1\"", "1 "}) {
    EXPECT_EQ(json_integer(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace annals::base
