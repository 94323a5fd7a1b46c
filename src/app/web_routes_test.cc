#include "app/web_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/assets.h"
#include "base/encoding.h"
#include "base/error.h"
#include "http/message.h"
#include "http/router.h"

namespace annals::app {
namespace {

using http::Method;

const std::array<Asset, 4>& files() {
  static const std::array<Asset, 4> all{{
      {"/_app/immutable/a.1f.js", "text/javascript; charset=utf-8", "aaaa", base::as_bytes("plain"),
       base::as_bytes("gz"), base::as_bytes("br"), true},
      {"/api/openapi.json", "application/json", "dddd", base::as_bytes("{}"), {}, {}, false},
      {"/favicon.svg", "image/svg+xml", "ffff", base::as_bytes("<svg/>"), {}, {}, false},
      {"/index.html",
       "text/html; charset=utf-8",
       "iiii",
       base::as_bytes("<!doctype html>"),
       {},
       {},
       false},
  }};
  return all;
}

struct Web {
  explicit Web(std::span<const Asset> with = files()) {
    for (http::Route& route : web_routes(with)) router.add(std::move(route));
  }
  http::Response get(const std::string& path, http::Pairs headers = {},
                     Method method = Method::kGet) const {
    const http::Router::Match match = router.find(method, path);
    if (match.route == nullptr) throw base::not_found("route");
    http::Request request;
    request.method = method;
    request.path = path;
    request.headers = std::move(headers);
    return match.route->handler(request);
  }
  http::Router router;
};

std::string header(const http::Response& reply, std::string_view name) {
  for (const auto& [key, value] : reply.headers) {
    if (key == name) return value;
  }
  return "";
}

TEST(WebRoutes, ServeTheSmallestFormThatIsAccepted) {
  const Web web;
  const std::string path = "/_app/immutable/a.1f.js";
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "plain"},
      {"gzip, deflate, br, zstd", "br"},
      {"gzip", "gz"},
      {"GZip;q=0.5", "gz"},
      {"br;q=0, gzip", "gz"},
      {"br;q=0.2, gzip;q=0.8", "gz"},
      {"*", "br"},
      {"*;q=0", "plain"},
      {"identity", "plain"},
      {"br;q=x,,;", "br"},
  };
  for (const auto& [accepted, body] : cases) {
    EXPECT_EQ(web.get(path, {{"accept-encoding", accepted}}).body, body) << accepted;
  }
  const http::Response reply = web.get(path, {{"accept-encoding", "br"}});
  EXPECT_EQ(header(reply, "Content-Encoding"), "br");
  EXPECT_EQ(header(reply, "Vary"), "Accept-Encoding");
  EXPECT_EQ(header(reply, "Content-Type"), "text/javascript; charset=utf-8");
}

TEST(WebRoutes, LetOnlyHashedFilesBeKept) {
  const Web web;
  EXPECT_EQ(header(web.get("/_app/immutable/a.1f.js"), "Cache-Control"),
            "public, max-age=31536000, immutable");
  EXPECT_EQ(header(web.get("/favicon.svg"), "Cache-Control"), "no-cache");
  EXPECT_EQ(header(web.get("/"), "Cache-Control"), "no-cache");
}

TEST(WebRoutes, AnswerNotModifiedForTheSameForm) {
  const Web web;
  const std::string path = "/_app/immutable/a.1f.js";
  for (const char* etag : {"\"aaaa-br\"", "W/\"aaaa-br\"", "\"x\", \"aaaa-br\"", "*"}) {
    const http::Response reply =
        web.get(path, {{"accept-encoding", "br"}, {"if-none-match", etag}});
    EXPECT_EQ(reply.status, 304) << etag;
    EXPECT_EQ(reply.body, "");
    EXPECT_EQ(header(reply, "ETag"), "\"aaaa-br\"");
  }
  EXPECT_EQ(web.get(path, {{"if-none-match", "\"aaaa-br\""}}).status, 200);
}

TEST(WebRoutes, GiveThePageForItsAddresses) {
  const Web web;
  for (const char* path : {"/", "/contacts/019e1a3c-7c11-7a52-8f1e-0d2b3c4d5e6f", "/api/docs"}) {
    const http::Response reply = web.get(path);
    EXPECT_EQ(reply.body, "<!doctype html>") << path;
    EXPECT_EQ(header(reply, "X-Frame-Options"), "DENY");
    EXPECT_THAT(header(reply, "Content-Security-Policy"), testing::HasSubstr("script-src 'self'"));
    EXPECT_THAT(header(reply, "Content-Security-Policy"),
                testing::Not(testing::HasSubstr("unsafe")));
    EXPECT_THAT(header(reply, "Permissions-Policy"), testing::HasSubstr("camera=()"));
  }
}

TEST(WebRoutes, GiveNoPageForFilesAndForTheApi) {
  const Web web;
  for (const char* path : {"/_app/immutable/of-another-version.js", "/robots.txt", "/index.html",
                           "/api/v1/nothing", "/api/", "/api/docs/more"}) {
    EXPECT_THROW(web.get(path), base::Error) << path;
  }
  EXPECT_THROW(web.get("/api/v1/nothing", {}, Method::kPost), base::Error);
}

TEST(WebRoutes, ServeTheDocument) { EXPECT_EQ(Web().get("/api/openapi.json").body, "{}"); }

TEST(WebRoutes, SayThatThereIsNoWebApp) {
  const Web web{std::span<const Asset>()};
  EXPECT_EQ(web.get("/").status, 200);
  EXPECT_THAT(web.get("/contacts").body, testing::HasSubstr("without its web app"));
  EXPECT_THROW(web.get("/api/openapi.json"), base::Error);
}

TEST(Assets, CarryTheWholeWebAppOrNone) {
  if (assets().empty()) {
    EXPECT_EQ(openapi_json(), "");
    return;
  }
  EXPECT_THAT(openapi_json(), testing::StartsWith("{\"openapi\":\"3.1.0\""));
  const Web web(assets());
  const http::Response page = web.get("/");
  EXPECT_THAT(page.body, testing::HasSubstr("/_app/immutable/start."));
  EXPECT_THAT(page.body, testing::Not(testing::HasSubstr("<script>")));
  for (const Asset& asset : assets()) {
    EXPECT_FALSE(asset.plain.empty()) << asset.path;
    EXPECT_EQ(asset.etag.size(), 20U) << asset.path;
  }
}

}  // namespace
}  // namespace annals::app
