// Problem documents (RFC 9457): the one place where error codes become HTTP statuses.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "http/message.h"

namespace annals::http {

[[nodiscard]] int status_of(base::Code code);

/// application/problem+json: {type, title, status, detail, request_id, errors:[{field, code,
/// message, ids?}]}. 429 and 503 carry Retry-After. Internal errors tell nothing of their cause.
[[nodiscard]] Response problem(const base::Error& error, const std::string& request_id);
/// The same for what the server itself refuses, where HTTP has a status that the codes have not.
[[nodiscard]] Response problem(int status, std::string_view detail,
                               const std::vector<base::FieldError>& errors,
                               const std::string& request_id);

/// The standard's words for a status (RFC 9110 §15): "Not Found".
[[nodiscard]] std::string_view reason_of(int status);

}  // namespace annals::http
