// Any bytes are a request that is understood, or are refused; a body in chunks is the same however
// it arrives.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "base/error.h"
#include "http/chunked.h"
#include "http/request_head.h"

namespace {

constexpr std::size_t kBodyBytesMax = 4096;

// The body, or what the refusal says.
std::string read_body(std::string_view input, std::size_t piece_bytes) {
  annals::http::ChunkedReader reader;
  std::string body;
  try {
    while (!input.empty() && !reader.done()) {
      const std::string_view piece = input.substr(0, piece_bytes);
      const std::size_t used = reader.read(piece, body, kBodyBytesMax);
      CHECK(used <= piece.size() && (used == piece.size() || reader.done()));
      input.remove_prefix(used);
    }
  } catch (const annals::base::Error& error) {
    return "refused: " + error.message();
  }
  CHECK(body.size() <= kBodyBytesMax);
  return body + (reader.done() ? "" : " …") + std::to_string(input.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = annals::base::as_text({data, size});
  try {
    annals::http::HeadScanner scanner;
    if (const auto length = scanner.scan(text)) {
      CHECK(*length <= size);
      const auto head = annals::http::parse_head(text.substr(0, *length));
      CHECK(!(head.chunked && head.content_length));
    }
  } catch (const annals::base::Error&) {
  }
  CHECK(read_body(text, size) == read_body(text, 1));
  return 0;
}
