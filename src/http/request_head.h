// The head of a request (RFC 9112 §2–7), read more strictly than the standard asks: whatever two
// readers could take for two different requests is refused. No socket, so that it can be fuzzed.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace annals::http {

inline constexpr std::size_t kHeaderFieldsMax = 100;

struct RequestHead {
  std::optional<Method> method;  // nothing: a method that this server does not know
  std::string path;              // as Request's
  Pairs query;
  Pairs headers;
  bool whole_server = false;  // OPTIONS *
  bool http_1_0 = false;
  bool keep_alive = true;
  bool chunked = false;
  bool expects_continue = false;
  std::optional<std::uint64_t> content_length;

  [[nodiscard]] bool has_body() const { return chunked || content_length.value_or(0) > 0; }
};

/// Finds the end of a head that arrives in pieces, looking at each byte once.
class HeadScanner {
 public:
  /// `received` is all that has come so far. The length of the head with its empty line, once it is
  /// whole. Throws kMalformed at a line that a bare LF ends.
  [[nodiscard]] std::optional<std::size_t> scan(std::string_view received);

 private:
  std::size_t looked_at_ = 0;
  std::size_t line_start_ = 0;
};

/// `text` ends with its empty line. Throws kMalformed, which names what is wrong: `request_line`,
/// `target`, `query`, or the header field.
[[nodiscard]] RequestHead parse_head(std::string_view text);

/// Whether all of `text` is visible ASCII that RFC 9110 §5.6.2 calls a token, and there is some.
[[nodiscard]] bool is_token(std::string_view text);

/// Whether `value` may stand in a header field: no control characters but tabs.
[[nodiscard]] bool is_field_value(std::string_view value);

}  // namespace annals::http
