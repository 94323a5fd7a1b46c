#include "app/web_routes.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/assets.h"
#include "base/encoding.h"
#include "base/error.h"
#include "http/compression.h"
#include "http/message.h"
#include "http/router.h"

namespace annals::app {
namespace {

constexpr std::string_view kPage = "/index.html";
constexpr std::string_view kDocument = "/api/openapi.json";
constexpr std::string_view kDocs = "/api/docs";
constexpr std::string_view kNoPage =
    "This server was built without its web app; its API is at /api/v1.\n";

// No inline script, style or handler, nothing from elsewhere, no frame around it, and in it only
// frames of ours: the sandbox. DOMPurify's trusted types are for what goes in there.
constexpr std::string_view kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; frame-src 'self'; "
    "form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types svelte-trusted-html dompurify";
constexpr std::string_view kPermissionsPolicy =
    "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
    "magnetometer=(), microphone=(), midi=(), payment=(), usb=()";

/// Whether If-None-Match names `etag` (weak comparison, RFC 9110 §13.1.2).
bool has_current(std::string_view header, std::string_view etag) {
  while (!header.empty()) {
    const auto comma = std::min(header.find(','), header.size());
    std::string_view item = base::trim(header.substr(0, comma));
    header.remove_prefix(std::min(comma + 1, header.size()));
    if (item == "*") return true;
    if (item.starts_with("W/")) item.remove_prefix(2);
    if (item == etag) return true;
  }
  return false;
}

/// The smallest form that the request takes, with the name of its coding.
std::pair<std::span<const std::uint8_t>, std::string_view> form_of(const Asset& asset,
                                                                   const http::Request& request) {
  const int brotli = asset.brotli.empty() ? 0 : http::accepted_weight(request, "br");
  const int gzip = asset.gzip.empty() ? 0 : http::accepted_weight(request, "gzip");
  if (brotli > 0 && brotli >= gzip) return {asset.brotli, "br"};
  if (gzip > 0) return {asset.gzip, "gzip"};
  return {asset.plain, ""};
}

http::Response serve(const Asset& asset, const http::Request& request) {
  const auto [bytes, coding] = form_of(asset, request);
  std::string etag = '"' + std::string(asset.etag);
  if (!coding.empty()) etag.append("-").append(coding);
  etag += '"';
  http::Response reply;
  reply.headers = {
      {"ETag", etag},
      {"Vary", "Accept-Encoding"},
      {"Cache-Control", asset.immutable ? "public, max-age=31536000, immutable" : "no-cache"},
      {"X-Content-Type-Options", "nosniff"},
  };
  if (asset.path == kPage) {
    reply.headers.emplace_back("Content-Security-Policy", kContentSecurityPolicy);
    reply.headers.emplace_back("Permissions-Policy", kPermissionsPolicy);
    reply.headers.emplace_back("X-Frame-Options", "DENY");
    reply.headers.emplace_back("Referrer-Policy", "same-origin");
    reply.headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
  }
  if (has_current(request.header("if-none-match"), etag)) {
    reply.status = 304;
    return reply;
  }
  reply.headers.emplace_back("Content-Type", asset.media_type);
  if (!coding.empty()) reply.headers.emplace_back("Content-Encoding", coding);
  reply.body = base::as_text(bytes);
  return reply;
}

http::Response no_page() {
  http::Response reply;
  reply.headers = {{"Content-Type", "text/plain; charset=utf-8"}, {"Cache-Control", "no-cache"}};
  reply.body = kNoPage;
  return reply;
}

const Asset* find(std::span<const Asset> files, std::string_view path) {
  const auto it = std::find_if(files.begin(), files.end(),
                               [&](const Asset& asset) { return asset.path == path; });
  return it == files.end() ? nullptr : &*it;
}

/// Whether a path without a file is one of the app's own addresses, rather than a file that another
/// version of the app had.
bool is_address(std::string_view path) {
  if (path == kPage || path.starts_with("/_app/")) return false;
  const auto last = path.substr(path.rfind('/'));
  return last.find('.') == std::string_view::npos;
}

}  // namespace

std::string_view openapi_json() {
  const Asset* document = find(assets(), kDocument);
  return document == nullptr ? std::string_view() : base::as_text(document->plain);
}

std::vector<http::Route> web_routes(std::span<const Asset> files) {
  const http::Handler page = [files](const http::Request& request) {
    const Asset* asset = find(files, kPage);
    return asset == nullptr ? no_page() : serve(*asset, request);
  };
  const http::Handler file = [files, page](const http::Request& request) {
    const Asset* asset = find(files, request.path);
    if (asset != nullptr && asset->path != kPage) return serve(*asset, request);
    if (!is_address(request.path)) throw base::not_found("file");
    return page(request);
  };
  const http::Handler document = [files](const http::Request& request) {
    const Asset* asset = find(files, kDocument);
    if (asset == nullptr) throw base::not_found("document: the server was built without it");
    return serve(*asset, request);
  };
  const http::Handler nothing = [](const http::Request&) -> http::Response {
    throw base::not_found("path");
  };
  std::vector<http::Route> routes{
      {.method = http::Method::kGet, .pattern = "/{path...}", .handler = file},
      {.method = http::Method::kGet, .pattern = std::string(kDocument), .handler = document},
      {.method = http::Method::kGet, .pattern = std::string(kDocs), .handler = page},
  };
  for (const http::Method method : {http::Method::kGet, http::Method::kPost, http::Method::kPut,
                                    http::Method::kPatch, http::Method::kDelete}) {
    routes.push_back({.method = method, .pattern = "/api/{path...}", .handler = nothing});
  }
  return routes;
}

}  // namespace annals::app
