#include "http/cookie.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "base/error.h"
#include "http/request_head.h"

namespace annals::http {
namespace {

bool is_cookie_value(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) {
    return c > 0x20 && c < 0x7F && std::string_view("\",;\\").find(c) == std::string_view::npos;
  });
}

}  // namespace

std::string set_cookie(const Cookie& cookie) {
  CHECK(is_token(cookie.name) && is_cookie_value(cookie.value));
  std::string text = cookie.name + "=" + cookie.value + "; Path=/; HttpOnly; SameSite=Lax";
  if (cookie.secure) text += "; Secure";
  if (cookie.max_age_seconds) text += "; Max-Age=" + std::to_string(*cookie.max_age_seconds);
  return text;
}

}  // namespace annals::http
