// Cross-site requests: a browser sends the session's cookie with what any page asks for, so a
// request that changes something must come from our own pages.
#pragma once
#include "http/message.h"

namespace annals::access {

/// Throws kForbidden (`origin`) where an unsafe request comes from another origin by what a browser
/// says of it: Sec-Fetch-Site, Origin, else Referer. One that says nothing of the kind comes from
/// no browser (all of today's send Origin with unsafe methods) and passes.
void check_origin(const http::Request& request);

}  // namespace annals::access
