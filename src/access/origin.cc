#include "access/origin.h"

#include <cstddef>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "base/error.h"
#include "http/message.h"

namespace annals::access {
namespace {

bool is_safe(http::Method method) {
  return method == http::Method::kGet || method == http::Method::kHead ||
         method == http::Method::kOptions;
}

// `host[:port]` in lower case without the port that the scheme implies.
std::string authority(std::string_view scheme, std::string_view host) {
  const std::string_view implied = scheme == "https" ? ":443" : ":80";
  if (host.ends_with(implied)) host.remove_suffix(implied.size());
  return base::ascii_lower(host);
}

// Whether `url` (an Origin or a Referer) is on the host that the request was sent to. A proxy that
// ends TLS changes the scheme, so the scheme is not compared.
bool is_same_host(std::string_view url, std::string_view host) {
  const std::size_t colon = url.find("://");
  if (colon == std::string_view::npos || host.empty()) return false;
  const std::string_view scheme = url.substr(0, colon);
  std::string_view rest = url.substr(colon + 3);
  rest = rest.substr(0, rest.find_first_of("/?#"));
  return authority(scheme, rest) == authority(scheme, host);
}

}  // namespace

void check_origin(const http::Request& request) {
  if (is_safe(request.method)) return;
  const std::string_view site = request.header("sec-fetch-site");
  if (site == "same-origin") return;
  const std::string_view host = request.header("host");
  const std::string_view origin = request.header("origin");
  const std::string_view referer = request.header("referer");
  bool good = site.empty() || site == "none";
  if (good && !origin.empty()) {
    good = is_same_host(origin, host);
  } else if (good && !referer.empty()) {
    good = is_same_host(referer, host);
  }
  if (good) return;
  throw base::Error(base::Code::kForbidden,
                    "This request comes from another site, so it is not done in your name.",
                    {{"Origin", "origin", "is not this server"}});
}

}  // namespace annals::access
