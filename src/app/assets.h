// The files that the binary carries: the web app as npm built it, and the OpenAPI document as JSON.
// cmake/web.cmake puts them in; with ANNALS_WEB=OFF there are none.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace annals::app {

/// Everything lives as long as the program.
struct Asset {
  std::string_view path;        // "/_app/immutable/entry/start.C2stQEyJ.js"
  std::string_view media_type;  // "text/javascript; charset=utf-8"
  std::string_view etag;        // of the plain bytes, without quotes
  std::span<const std::uint8_t> plain;
  std::span<const std::uint8_t> gzip;    // empty where it was not worth it
  std::span<const std::uint8_t> brotli;  // likewise
  bool immutable = false;                // the path names the content
};

/// In the order of their paths.
[[nodiscard]] std::span<const Asset> assets();

/// docs/openapi.yaml as JSON; empty where the binary carries no web app.
[[nodiscard]] std::string_view openapi_json();

}  // namespace annals::app
