#include "http/cursor.h"

#include <cstddef>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "base/error.h"
#include "base/hash.h"
#include "http/message.h"

namespace annals::http {
namespace {

constexpr std::size_t kMarkBytes = 8;

// Tells a list with its filters and order from every other one.
std::string mark_of(std::string_view list) {
  const base::Digest digest = base::sha256({base::as_bytes(list)});
  return std::string(base::as_text(base::ByteSpan(digest).first(kMarkBytes)));
}

}  // namespace

std::string make_cursor(std::string_view list, std::string_view place) {
  std::string bytes = mark_of(list);
  bytes += place;
  return base::base64url(base::as_bytes(bytes));
}

std::string open_cursor(const Request& request, std::string_view list) {
  const auto cursor = request.query_value("cursor");
  if (!cursor || cursor->empty()) return {};
  const auto bytes = base::from_base64url(*cursor);
  const std::string mark = mark_of(list);
  if (!bytes || bytes->size() <= mark.size() || !base::as_text(*bytes).starts_with(mark)) {
    throw base::malformed("cursor", "cursor",
                          "Give next_cursor of the page before, with the same filters and order.");
  }
  return std::string(base::as_text(*bytes).substr(mark.size()));
}

}  // namespace annals::http
