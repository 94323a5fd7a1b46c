// Problem documents (RFC 9457): the one place where error codes become HTTP statuses.
#pragma once
#include <string>

#include "base/error.h"
#include "http/message.h"

namespace annals::http {

[[nodiscard]] int status_of(base::Code code);

/// application/problem+json: {type, title, status, detail, request_id, errors:[{field, code,
/// message, ids?}]}. 429 and 503 carry Retry-After. Internal errors tell nothing of their cause.
[[nodiscard]] Response problem(const base::Error& error, const std::string& request_id);

}  // namespace annals::http
