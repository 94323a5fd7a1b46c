#include "base/fields.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"

namespace annals::base {
namespace {

// The errors as "field code; field code".
std::string told(const Fields& fields) {
  std::string out;
  for (const FieldError& error : fields.errors()) {
    out += (out.empty() ? "" : "; ") + error.field + " " + error.code;
  }
  return out;
}

TEST(Fields, reads_each_kind) {
  const Json json =
      parse_json(R"({"name":"  Ada ","n":7,"yes":true,"id":"0190163d-8694-739b-aea5-966c26f8ad91",)"
                 R"("at":"2016-05-02T12:30:00Z","role":"owner","tags":["a","b"],"nothing":null})");
  Fields body(json);
  EXPECT_EQ(body.text("name", {.required = true}), "Ada");
  EXPECT_EQ(body.integer("n"), 7);
  EXPECT_EQ(body.boolean("yes"), true);
  EXPECT_EQ(body.id("id")->text(), "0190163d-8694-739b-aea5-966c26f8ad91");
  EXPECT_EQ(body.time("at"), 1462192200000000);
  EXPECT_EQ(body.one_of("role", {"owner", "staff"}), "owner");
  EXPECT_EQ(body.texts("tags", 5), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(body.given("nothing"));
  EXPECT_FALSE(body.text("nothing"));
  EXPECT_FALSE(body.given("missing"));
  EXPECT_NO_THROW(body.finish());
}

TEST(Fields, gathers_every_error_with_its_path) {
  const Json json = parse_json(
      R"({"name":7,"emails":[{"address":""},"x"],"owner":{"mail":1},"role":"king","n":2.5})");
  Fields body(json);
  body.text("name");
  for (Fields email : body.objects("emails", 5)) email.text("address", {.required = true});
  auto owner = body.object("owner");
  owner->text("name", {.required = true});
  body.one_of("role", {"owner"});
  body.integer("n");
  body.text("title", {.required = true});
  EXPECT_EQ(told(body),
            "name type; emails[1] type; emails[0].address required; owner.name required; "
            "role not_one_of; n type; title required; owner.mail unknown_field");
  try {
    body.finish();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kInvalid);
    EXPECT_EQ(error.errors().size(), 8U);
  }
}

TEST(Fields, puts_the_path_before_names) {
  const Json json = parse_json(R"({"due":1,"extra":2})");
  Fields task(json, "task");
  task.text("title", {.required = true});
  task.text("due");
  EXPECT_EQ(told(task), "task.title required; task.due type; task.extra unknown_field");
}

TEST(Fields, refuses_what_is_no_object) {
  const Json json = parse_json("[1]");
  Fields body(json);
  EXPECT_FALSE(body.text("name", {.required = true}));
  EXPECT_EQ(told(body), " type");
}

TEST(Fields, texts_have_no_control_characters) {
  const Json json = parse_json(R"({"a":"x\u0000y","b":"x\ny","c":"x\u0085y","d":"x\r\ny\tz\r",)"
                               R"("e":"x\u001by","f":" \u00a0\u3000 "})");
  Fields body(json);
  body.text("a");
  body.text("b");
  body.text("c");
  EXPECT_EQ(body.text("d", {.multiline = true}), "x\ny\tz");
  body.text("e", {.multiline = true});
  body.text("f", {.required = true});
  EXPECT_EQ(told(body),
            "a control_character; b control_character; c control_character; "
            "e control_character; f required");
}

TEST(Fields, lengths_count_characters) {
  const Json json = parse_json(R"({"a":"äöü","b":"äöüx","c":"ab","d":"  "})");
  Fields body(json);
  EXPECT_EQ(body.text("a", {.chars_max = 3}), "äöü");
  body.text("b", {.chars_max = 3});
  body.text("c", {.chars_min = 3});
  EXPECT_EQ(body.text("d", {.trimmed = false}), "  ");
  EXPECT_EQ(told(body), "b too_long; c too_short");
}

TEST(Fields, names_at_most_a_hundred_errors_and_never_a_huge_name) {
  std::string text = "{\"" + std::string(5'000, 'k') + "\":1";
  for (int i = 0; i < 500; ++i) text += ",\"x" + std::to_string(i) + "\":1";
  const Json json = parse_json(text + "}");
  const Fields body(json);
  EXPECT_EQ(body.errors().size(), limits::kFieldErrorsMax);
  EXPECT_LT(body.errors().front().field.size(), 110U);
}

TEST(Fields, arrays_have_a_limit) {
  const Json json = parse_json(R"({"a":["x","y","z"],"b":["x",1],"c":["no"]})");
  Fields body(json);
  EXPECT_TRUE(body.texts("a", 2).empty());
  body.texts("b", 2);
  body.ids("c", 2);
  EXPECT_EQ(told(body), "a too_many; b[1] type; c[0] id");
}

}  // namespace
}  // namespace annals::base
