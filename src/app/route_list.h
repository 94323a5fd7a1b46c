// What `annals routes` prints, so that tests can go over every route there is.
#pragma once
#include <string>

#include "access/route.h"

namespace annals::app {

/// A line for each: `METHOD /api/v1/path permission`.
[[nodiscard]] std::string list_routes(const access::Routes& routes);

}  // namespace annals::app
