#include "base/json.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/limits.h"

namespace annals::base {
namespace {

// The code of the error that reading `text` ends with; empty where there is none.
std::string refusal(std::string_view text, std::size_t bytes_max = limits::kJsonBodyBytesMax) {
  try {
    (void)parse_json(text, bytes_max);
    return "";
  } catch (const Error& error) {
    return error.errors().empty() ? error.message() : error.errors()[0].code;
  }
}

TEST(Json, documents_come_out_minified_and_else_as_they_came_in) {
  struct Row {
    const char* in;
    const char* out;
  };
  const std::vector<Row> rows = {
      {"null", "null"},
      {" true ", "true"},
      {"\t\r\n false", "false"},
      {"\"\"", "\"\""},
      {"[]", "[]"},
      {"{}", "{}"},
      {"[ 1 , 2 , [ ] , { } ]", "[1,2,[],{}]"},
      {"{\"b\": 1, \"a\": [null]}", "{\"b\":1,\"a\":[null]}"},
      {"{\"\":0}", "{\"\":0}"},
      // numbers keep their text
      {"1.0", "1.0"},
      {"-0", "-0"},
      {"1E5", "1E5"},
      {"1e+400", "1e+400"},
      {"0.10000000000000000000001", "0.10000000000000000000001"},
      {"123456789012345678901234567890", "123456789012345678901234567890"},
      {"-9223372036854775809", "-9223372036854775809"},
      // strings
      {"\"\\u0061\\/\\u00fC\"", "\"a/ü\""},
      {"\"\\ud83d\\ude00\"", "\"😀\""},
      {"\"\\\"\\\\\\b\\f\\n\\r\\t\"", "\"\\\"\\\\\\b\\f\\n\\r\\t\""},
      {"\"\\u001F\\u007f\"", "\"\\u001f\x7f\""},
      {"\"\\u2028\"", "\"\u2028\""},
  };
  for (const Row& row : rows) EXPECT_EQ(parse_json(row.in).dump(), row.out) << row.in;
}

TEST(Json, what_json_forbids_is_refused) {
  for (const std::string_view text : {
           "",
           " ",
           "nul",
           "True",
           "NULL",
           "NaN",
           "Infinity",
           "-Infinity",
           "undefined",
           "[",
           "]",
           "[1",
           "[1,",
           "[1,]",
           "[,1]",
           "[1,,2]",
           "[1 2]",
           "[1}",
           "{",
           "}",
           "{\"a\"",
           "{\"a\":",
           "{\"a\":1",
           "{\"a\":1,",
           "{\"a\":1,}",
           "{a:1}",
           "{'a':1}",
           "{1:1}",
           "{\"a\" 1}",
           "{\"a\":1 \"b\":2}",
           "{\"a\"::1}",
           "{,}",
           "[1]]",
           "{}}",
           "1 2",
           "\"a\" b",
           "+1",
           "01",
           "-01",
           "-",
           "1.",
           ".1",
           "1.e5",
           "1e",
           "1e+",
           "1e99999999999",
           "0x10",
           "1_0",
           "--1",
           "1a",
           "\"",
           "\"a",
           "'a'",
           "\"\\\"",
           "\"\\x41\"",
           "\"\\u12\"",
           "\"\\u12G4\"",
           "\"\\ud800\"",
           "\"\\ud800x\"",
           "\"\\ud800\\u0061\"",
           "\"\\udc00\"",
           "\"\\U0041\"",
           "\"a\nb\"",
           "\"a\tb\"",
           "\"\x01\"",
           "\"\xff\"",
           "\"\xc3\"",
           "\"\xc0\x80\"",
           "\"\xed\xa0\x80\"",
           "\"\xf4\x90\x80\x80\"",
           "{\"\xff\":1}",
           "\xef\xbb\xbf{}",
           "\xff\xfe[\x00]\x00",
           "/* c */ 1",
           "1 // c",
           "\x0c[]",
           "\xc2\xa0[]",
           "[\"a\"\xa0]",
       }) {
    EXPECT_EQ(refusal(text), "json") << text;
  }
  EXPECT_EQ(refusal(std::string_view("1\0", 2)), "json");
  EXPECT_EQ(refusal(std::string_view("\"\0\"", 3)), "json");
}

TEST(Json, a_key_may_stand_once) {
  EXPECT_EQ(refusal(R"({"a":1,"a":1})"), "duplicate_key");
  EXPECT_EQ(refusal(R"({"a":1,"\u0061":2})"), "duplicate_key");
  EXPECT_EQ(refusal(R"([{"b":{"a":1,"c":2,"a":3}}])"), "duplicate_key");
  EXPECT_EQ(refusal(R"({"a":{"a":{"a":1}},"b":{"a":1}})"), "");
  std::string many = "{";
  for (int i = 0; i < 100; ++i) many += "\"k" + std::to_string(i) + "\":1,";
  EXPECT_EQ(refusal(many + "\"k100\":1}"), "");
  EXPECT_EQ(refusal(many + "\"k7\":1}"), "duplicate_key");
}

TEST(Json, depth_size_and_number_of_values_are_limited) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_EQ(refusal(nested(limits::kJsonDepthMax)), "");
  EXPECT_EQ(refusal(nested(limits::kJsonDepthMax + 1)), "depth");
  EXPECT_EQ(refusal(std::string(1'000'000, '[')), "depth");
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_EQ(refusal(objects), "depth");

  const std::string text = "\"" + std::string(98, 'a') + "\"";
  EXPECT_EQ(refusal(text, 100), "");
  EXPECT_EQ(refusal(text, 99), "The JSON document is larger than 99 bytes.");

  const auto values = [](std::size_t count) {  // with the array itself
    std::string out = "[1";
    for (std::size_t i = 2; i < count; ++i) out += ",1";
    return out + "]";
  };
  EXPECT_EQ(refusal(values(limits::kJsonValuesMax)), "");
  EXPECT_EQ(refusal(values(limits::kJsonValuesMax + 1)),
            "The JSON document holds more than 250000 values.");
}

TEST(Json, integers_are_read_where_they_are_some) {
  EXPECT_EQ(parse_json("0").as_int(), 0);
  EXPECT_EQ(parse_json("-0").as_int(), 0);
  EXPECT_EQ(parse_json("9223372036854775807").as_int(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(parse_json("-9223372036854775808").as_int(), std::numeric_limits<std::int64_t>::min());
  for (const char* text : {"9223372036854775808", "1.0", "1e2", "\"1\"", "true", "null", "[1]"}) {
    EXPECT_FALSE(parse_json(text).as_int()) << text;
  }
}

TEST(Json, members_are_found_and_set) {
  Json json = parse_json(R"({"a":1,"b":{"c":[true,"x"]}})");
  ASSERT_NE(json.find("b"), nullptr);
  EXPECT_EQ(json.find("b")->find("c")->items()[1].text(), "x");
  EXPECT_EQ(json.find("c"), nullptr);
  json.set("a", Json::string("new"));
  json.set("z", Json::boolean(true));
  EXPECT_EQ(json.dump(), R"({"a":"new","b":{"c":[true,"x"]},"z":true})");
}

TEST(Json, canonical_form_sorts_keys_by_utf16) {
  // RFC 8785 §3.2.3, where the key above U+FFFF comes before the one at U+FB33.
  const Json json = parse_json(
      "{\"\\u20ac\":1,\"\\r\":2,\"\\ufb33\":3,\"1\":4,\"\\ud83d\\ude00\":5,\"\\u0080\":6,"
      "\"\\u00f6\":7}");
  EXPECT_EQ(json.canonical(),
            "{\"\\r\":2,\"1\":4,\"\u0080\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\ufb33\":3}");
  EXPECT_EQ(parse_json(R"({"b":[{"d":1,"c":2}],"a":{},"ab":0,"":null})").canonical(),
            R"({"":null,"a":{},"ab":0,"b":[{"c":2,"d":1}]})");
  // RFC 8785 §3.2.2.2
  EXPECT_EQ(parse_json(R"("\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/")").canonical(),
            R"("€$\u000f\nA'B\"\\\\\"/")");
}

std::u16string utf16(std::string_view text) {
  std::u16string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    char32_t c = length == 1 ? lead : lead & (0xFFU >> (length + 1));
    for (std::size_t j = 1; j < length; ++j) {
      c = (c << 6U) | (static_cast<unsigned char>(text[i + j]) & 0x3FU);
    }
    if (c >= 0x10000) {
      out += static_cast<char16_t>(0xD800 + ((c - 0x10000) >> 10U));
      out += static_cast<char16_t>(0xDC00 + ((c - 0x10000) & 0x3FFU));
    } else {
      out += static_cast<char16_t>(c);
    }
    i += length;
  }
  return out;
}

rc::Gen<std::string> any_text() {
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
                          "a", "b", "Z", "\"", "\\", "\n", "\x01", "\x7f", "ü", "\u07ff", "\u0800",
                          "\ud7ff", "\ue000", "\uffff", "😀", "\U0010ffff")),
                      [](const std::vector<std::string>& parts) {
                        std::string out;
                        for (const std::string& part : parts) out += part;
                        return out;
                      });
}

rc::Gen<Json> any_json(int depth) {
  std::vector<rc::Gen<Json>> leaves = {
      rc::gen::just(Json()),
      rc::gen::map(rc::gen::arbitrary<bool>(), [](bool b) { return Json::boolean(b); }),
      rc::gen::map(rc::gen::arbitrary<std::int64_t>(),
                   [](std::int64_t n) { return Json::number(n); }),
      rc::gen::map(any_text(), [](std::string s) { return Json::string(std::move(s)); }),
  };
  auto leaf = rc::gen::join(rc::gen::elementOf(leaves));
  if (depth == 0) return leaf;
  const auto array =
      rc::gen::map(rc::gen::container<std::vector<Json>>(any_json(depth - 1)),
                   [](std::vector<Json> items) { return Json::array(std::move(items)); });
  const auto object =
      rc::gen::map(rc::gen::container<std::map<std::string, Json>>(any_text(), any_json(depth - 1)),
                   [](const std::map<std::string, Json>& members) {
                     return Json::object({members.rbegin(), members.rend()});
                   });
  return rc::gen::oneOf(leaf, array, object);
}

RC_GTEST_PROP(JsonProperty, what_is_written_is_read_back, ()) {
  const Json json = *rc::gen::scale(0.1, any_json(2));  // containers of containers grow fast
  RC_ASSERT(parse_json(json.dump()) == json);
  const std::string canonical = json.canonical();
  RC_ASSERT(parse_json(canonical).dump() == canonical);
}

RC_GTEST_PROP(JsonProperty, canonical_keys_are_in_utf16_order, ()) {
  const auto keys = *rc::gen::container<std::set<std::string>>(any_text());
  Json json = Json::object();
  for (const std::string& key : keys) json.set(key, Json());
  std::vector<std::u16string> order;
  const Json read = parse_json(json.canonical());
  for (const auto& [key, value] : read.members()) order.push_back(utf16(key));
  RC_ASSERT(std::is_sorted(order.begin(), order.end()));
}

RC_GTEST_PROP(JsonProperty, any_bytes_are_read_or_refused, (const std::string& bytes)) {
  try {
    const Json json = parse_json(bytes);
    RC_ASSERT(parse_json(json.dump()) == json);
  } catch (const Error& error) {
    RC_ASSERT(error.code() == Code::kMalformed);
  }
}

TEST(JsonWriter, sets_commas_by_itself) {
  JsonWriter out;
  out.begin_object()
      .member("a", std::int64_t{1})
      .member("b", "x\"")
      .member("c", true)
      .member("d", nullptr)
      .member("e", std::optional<std::int64_t>())
      .member_if("f", std::optional<std::string>())
      .member_if("g", std::optional<std::string>("y"))
      .key("h")
      .begin_array()
      .value("1")
      .begin_object()
      .end_object()
      .begin_array()
      .end_array()
      .raw("{\"r\":0}")
      .value(parse_json("[1.50]"))
      .end_array()
      .key("i")
      .begin_object()
      .end_object()
      .end_object();
  EXPECT_EQ(out.text(), R"({"a":1,"b":"x\"","c":true,"d":null,"e":null,"g":"y",)"
                        R"("h":["1",{},[],{"r":0},[1.50]],"i":{}})");
}

TEST(JsonTest, ItemsOfATemporaryOutliveIt) {
  std::string seen;
  for (const Json& item : parse_json(R"(["one is longer than short strings","two"])").items()) {
    seen += item.text() + ";";
  }
  EXPECT_EQ(seen, "one is longer than short strings;two;");
}

}  // namespace
}  // namespace annals::base
