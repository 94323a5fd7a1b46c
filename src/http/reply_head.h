// The head of a reply (RFC 9112 §4), with what every reply of this server carries.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/message.h"

namespace annals::http {

struct ReplyFraming {
  std::optional<std::size_t> length;  // Content-Length
  bool chunked = false;
  bool keep_alive = true;
  bool http_1_0 = false;  // of the request: who speaks it is told where the connection stays open
};

/// Whether every header can stand on a line of its own and nowhere else.
[[nodiscard]] bool is_sendable(const Response& response);

/// Appends to `out`. Headers of `response` that are the server's to set (Connection, Date, framing,
/// X-Request-Id) are left out. `response` is sendable.
void write_reply_head(std::string& out, const Response& response, const ReplyFraming& framing,
                      std::string_view request_id, std::string_view date);

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).
[[nodiscard]] std::string http_date(base::Micros instant);

}  // namespace annals::http
