#include "http/router.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "http/message.h"

namespace annals::http {
namespace {

Router router_of(const std::vector<std::pair<Method, std::string>>& patterns) {
  Router router;
  for (const auto& [method, pattern] : patterns) {
    router.add({method, pattern, [](const Request&) { return Response::empty(); }});
  }
  return router;
}

std::string found(const Router& router, Method method, const std::string& path) {
  const Router::Match match = router.find(method, path);
  if (match.route == nullptr) return match.allow.empty() ? "404" : "405 " + match.allow;
  std::string text = match.route->pattern;
  for (const auto& [name, value] : match.path_parameters) {
    text.append(" ").append(name).append("=").append(value);
  }
  return text;
}

const Router& example() {
  static const Router router = router_of({{Method::kGet, "/"},
                                          {Method::kGet, "/contacts"},
                                          {Method::kPost, "/contacts"},
                                          {Method::kGet, "/contacts/{id}"},
                                          {Method::kPatch, "/contacts/{contact}"},
                                          {Method::kPost, "/contacts/search"},
                                          {Method::kGet, "/contacts/{id}/entries"},
                                          {Method::kGet, "/{area}/new/form"},
                                          {Method::kGet, "/api/{path...}"},
                                          {Method::kGet, "/{path...}"}});
  return router;
}

TEST(Router, FindsByMethodAndPath) {
  struct Case {
    Method method;
    const char* path;
    const char* found;
  };
  const Case cases[] = {
      {Method::kGet, "/", "/"},
      {Method::kGet, "/contacts", "/contacts"},
      {Method::kHead, "/contacts", "/contacts"},
      {Method::kGet, "/contacts/7", "/contacts/{id} id=7"},
      {Method::kPatch, "/contacts/7", "/contacts/{contact} contact=7"},
      {Method::kGet, "/contacts/7/entries", "/contacts/{id}/entries id=7"},
      {Method::kPost, "/contacts/search", "/contacts/search"},
      {Method::kGet, "/contacts/search", "/contacts/{id} id=search"},
      {Method::kGet, "/contacts/new/form", "/{area}/new/form area=contacts"},
      {Method::kDelete, "/contacts/7", "405 GET, HEAD, PATCH, OPTIONS"},
      {Method::kPut, "/contacts", "405 GET, HEAD, POST, OPTIONS"},
      {Method::kOptions, "/contacts", "405 GET, HEAD, POST, OPTIONS"},
      {Method::kGet, "/api/v2/x", "/api/{path...} path=v2/x"},
      {Method::kGet, "/api/", "/api/{path...} path="},
      {Method::kGet, "/assets/a/b.js", "/{path...} path=assets/a/b.js"},
      {Method::kGet, "/contacts/", "/{path...} path=contacts/"},
      {Method::kPost, "/assets", "405 GET, HEAD, OPTIONS"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(found(example(), c.method, c.path), c.found) << name_of(c.method) << " " << c.path;
  }
}

TEST(Router, KnowsNothingOfOtherPaths) {
  const Router router = router_of({{Method::kGet, "/contacts/{id}"}});
  for (const char* path : {"/", "/contacts", "/contacts/", "/contacts/7/entries", "//contacts/7",
                           "/Contacts/7", "", "contacts/7"}) {
    EXPECT_EQ(found(router, Method::kGet, path), "404") << path;
  }
}

TEST(Router, RestDoesNotHideAnotherMethodsPath) {
  const Router router = router_of({{Method::kPost, "/session"}, {Method::kGet, "/{path...}"}});
  EXPECT_EQ(found(router, Method::kGet, "/session"), "405 POST, OPTIONS");
}

TEST(RouterDeathTest, SamePatternTwiceIsABug) {
  Router router = router_of({{Method::kGet, "/contacts/{id}"}});
  EXPECT_DEATH(router.add({Method::kGet, "/contacts/{other}", nullptr}), "bug");
}

}  // namespace
}  // namespace annals::http
