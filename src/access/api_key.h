// API keys: what integrations sign in with.
#pragma once
#include "access/route.h"
#include "http/message.h"

namespace annals::access {

[[nodiscard]] http::Response list_api_keys(const Call& call);
[[nodiscard]] http::Response new_api_key(const Call& call);
[[nodiscard]] http::Response revoke_api_key(const Call& call);

}  // namespace annals::access
