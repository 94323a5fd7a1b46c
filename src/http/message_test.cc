#include "http/message.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

#include "http/cookie.h"

namespace annals::http {
namespace {

TEST(Request, FindsHeadersAndQueries) {
  Request request;
  request.headers = {{"accept", "a"}, {"accept", "b"}};
  request.query = {{"type", "x"}, {"type", "y"}, {"empty", ""}};
  EXPECT_EQ(request.header("accept"), "a");
  EXPECT_EQ(request.header("origin"), "");
  EXPECT_EQ(request.query_value("type"), "x");
  EXPECT_EQ(request.query_value("empty"), "");
  EXPECT_EQ(request.query_value("none"), std::nullopt);
}

TEST(Request, ReadsCookies) {
  const std::pair<const char*, std::optional<std::string>> cases[] = {
      {"annals=abc", "abc"},        {"a=b; annals=abc; c=d", "abc"},
      {"a=b;annals=abc", "abc"},    {"annals=\"abc\"", "abc"},
      {"annals=a=b", "a=b"},        {"annals=", ""},
      {"annals=1; annals=2", "1"},  {"xannals=abc", std::nullopt},
      {"ANNALS=abc", std::nullopt}, {"annals", std::nullopt},
      {"", std::nullopt},           {";;;", std::nullopt},
  };
  for (const auto& [header, value] : cases) {
    Request request;
    request.headers = {{"cookie", header}};
    const auto found = request.cookie("annals");
    EXPECT_EQ(found ? std::optional<std::string>(*found) : std::nullopt, value) << header;
  }
}

TEST(Cookie, IsSafeUnlessSaidOtherwise) {
  EXPECT_EQ(set_cookie({"__Host-annals", "abc"}),
            "__Host-annals=abc; Path=/; HttpOnly; SameSite=Lax; Secure");
  EXPECT_EQ(set_cookie({"annals", "", 0, false}),
            "annals=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
}

TEST(CookieDeathTest, AValueThatEndsItselfIsABug) {
  EXPECT_DEATH(static_cast<void>(set_cookie({"annals", "a; Domain=evil"})), "bug");
}

}  // namespace
}  // namespace annals::http
