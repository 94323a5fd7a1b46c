// Secrets that callers show: session tokens and API keys. The database holds their SHA-256 alone.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "db/db.h"
#include "http/message.h"

namespace annals::access {

/// 32 random bytes in base64url, 43 characters.
[[nodiscard]] std::string make_token();
/// `ann_` and a token.
[[nodiscard]] std::string make_api_key_secret();
/// SHA-256, as 32 bytes of text.
[[nodiscard]] std::string token_hash(std::string_view token);

/// The cookie's name: `__Host-annals` over TLS (RFC 6265bis §4.1.3.2), else `annals`.
[[nodiscard]] std::string_view cookie_name(const http::Request& request);
/// Set-Cookie's value for a session, or for its end where `token` is empty.
[[nodiscard]] std::string session_cookie(const http::Request& request, std::string_view token);

/// Counts the changes of credentials that this process has committed: what was looked up at an
/// older count is looked up again.
[[nodiscard]] std::uint64_t credential_changes();
/// To be called by every write that changes what a credential means: staff, sessions, API keys,
/// businesses.
void credentials_change(db::Tx& tx);

}  // namespace annals::access
