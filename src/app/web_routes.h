// The web app over HTTP: its files, compressed as the browser takes them, and its page for every
// path that is no file and no API.
#pragma once
#include <span>
#include <vector>

#include "app/assets.h"
#include "http/router.h"

namespace annals::app {

/// GET of `files`, of the page for any other path outside /api, and 404 for every other /api path.
/// Where `files` has no /index.html, the page is one line that says so.
[[nodiscard]] std::vector<http::Route> web_routes(std::span<const Asset> files = assets());

}  // namespace annals::app
