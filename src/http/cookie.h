// Set-Cookie (RFC 6265), with the safe choice where there is one.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace annals::http {

struct Cookie {
  std::string name;   // a token; `__Host-…` needs secure
  std::string value;  // visible ASCII without quotes, commas, semicolons and backslashes
  std::optional<std::int64_t> max_age_seconds{};  // nothing: until the browser closes; 0: remove
  bool secure = true;                             // only over TLS
};

/// A Set-Cookie header's value: for every path of this host alone, out of scripts' reach
/// (HttpOnly), not sent from other sites' forms (SameSite=Lax).
[[nodiscard]] std::string set_cookie(const Cookie& cookie);

}  // namespace annals::http
