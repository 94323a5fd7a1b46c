// Any text is a cursor that is read as it was written, or is refused as one; likewise any query.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/encoding.h"
#include "base/error.h"
#include "entries/filter.h"
#include "http/message.h"

namespace base = annals::base;
namespace entries = annals::entries;
namespace http = annals::http;

namespace {

constexpr const char* kZone = "Europe/Berlin";

// `a=b&c`, as it stands.
http::Pairs pairs_of(const std::string& text) {
  http::Pairs pairs;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('&', at), text.size());
    const std::string pair = text.substr(at, end - at);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    pairs.emplace_back(pair.substr(0, equals),
                       equals < pair.size() ? pair.substr(equals + 1) : std::string());
    at = end + 1;
  }
  return pairs;
}

// A cursor that was made, read again.
void turn_round(const entries::Filter& filter) {
  const entries::Position at{.occurred_at = -5, .pos = 7};
  const std::string text = entries::encode_cursor(filter, at);
  const entries::Cursor cursor = entries::decode_cursor(text, {}, kZone);
  CHECK(cursor.after.occurred_at == at.occurred_at && cursor.after.pos == at.pos);
  CHECK(cursor.filter.text == filter.text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(base::as_text({data, size}));
  for (const std::string& cursor : {text, base::base64url(base::as_bytes(text))}) {
    try {
      turn_round(entries::decode_cursor(cursor, {}, kZone).filter);
    } catch (const base::Error& error) {
      CHECK(error.code() == base::Code::kMalformed);
    }
  }
  try {
    turn_round(entries::parse_filter(pairs_of(text), kZone));
  } catch (const base::Error& error) {
    CHECK(error.code() == base::Code::kMalformed);
  }
  return 0;
}
