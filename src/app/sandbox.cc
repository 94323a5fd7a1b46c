#include "app/sandbox.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "access/actor.h"
#include "access/route.h"
#include "base/encoding.h"
#include "base/error.h"
#include "http/message.h"
#include "http/multipart.h"

namespace annals::app {
namespace {

constexpr std::size_t kPageBytesMax = 8 * 1024 * 1024;  // with the pictures that it carries

// `sandbox`: no script, no form, no origin, no way to move the window, also where the page is
// opened by itself. The rest: nothing is loaded but what the page carries in itself.
constexpr std::string_view kContentSecurityPolicy =
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'self'";

http::Response show(const access::Call& call) {
  access::only_query(call.request, {});
  const auto parts = http::parse_multipart(call.request);
  const auto html = std::find_if(parts.begin(), parts.end(),
                                 [](const http::Part& part) { return part.name == "html"; });
  if (html == parts.end()) throw base::invalid("html", "required", "must be given");
  if (!base::is_utf8(html->content)) throw base::invalid("html", "utf8", "must be UTF-8");
  http::Response reply;
  reply.headers = {
      {"Content-Type", "text/html; charset=utf-8"},
      {"Content-Security-Policy", std::string(kContentSecurityPolicy)},
      {"Cache-Control", "no-store"},
      {"Referrer-Policy", "no-referrer"},
      {"X-Content-Type-Options", "nosniff"},
      {"X-DNS-Prefetch-Control", "off"},
  };
  reply.body = std::string(html->content);
  return reply;
}

}  // namespace

access::Routes sandbox_routes() {
  return {{.method = http::Method::kPost,
           .path = "/sandbox",
           .permission = access::Permission::kEntriesRead,
           .answer = show,
           .body_bytes_max = kPageBytesMax}};
}

}  // namespace annals::app
