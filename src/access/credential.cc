#include "access/credential.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "base/hash.h"
#include "base/random.h"
#include "db/db.h"
#include "http/message.h"

namespace annals::access {
namespace {

std::atomic<std::uint64_t>& changes() {
  static std::atomic<std::uint64_t> count = 1;
  return count;
}

}  // namespace

std::string make_token() {
  std::array<std::uint8_t, 32> bytes{};
  base::system_random().fill(bytes);
  return base::base64url(bytes);
}

std::string make_api_key_secret() { return "ann_" + make_token(); }

std::string token_hash(std::string_view token) {
  const base::Digest digest = base::sha256({base::as_bytes(token)});
  return std::string(base::as_text(digest));
}

std::string_view cookie_name(const http::Request& request) {
  return request.tls ? "__Host-annals" : "annals";
}

std::string session_cookie(const http::Request& request, std::string_view token) {
  std::string cookie(cookie_name(request));
  cookie += '=';
  cookie += token;
  cookie += "; Path=/; HttpOnly; SameSite=Strict";
  if (request.tls) cookie += "; Secure";
  if (token.empty()) cookie += "; Max-Age=0";
  return cookie;
}

std::uint64_t credential_changes() { return changes().load(); }

void credentials_change(db::Tx& tx) {
  tx.on_commit([] { changes().fetch_add(1); });
}

}  // namespace annals::access
