// Hexadecimal and base64 (RFC 4648), percent-encoding (RFC 3986) and UTF-8 (RFC 3629).
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace annals::base {

using Bytes = std::vector<std::uint8_t>;
using ByteSpan = std::span<const std::uint8_t>;

[[nodiscard]] ByteSpan as_bytes(std::string_view text);
[[nodiscard]] std::string_view as_text(ByteSpan bytes);

/// Lower case.
[[nodiscard]] std::string hex(ByteSpan bytes);
[[nodiscard]] std::optional<Bytes> from_hex(std::string_view text);
/// Without padding.
[[nodiscard]] std::string base64url(ByteSpan bytes);
[[nodiscard]] std::optional<Bytes> from_base64url(std::string_view text);
/// With padding.
[[nodiscard]] std::string base64(ByteSpan bytes);
[[nodiscard]] std::optional<Bytes> from_base64(std::string_view text);

/// Decodes %XX, and `+` as a space where `form` is true. Nothing where an escape is broken.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text, bool form);
/// Encodes all but unreserved characters.
[[nodiscard]] std::string percent_encode(std::string_view text);

/// Whether `text` is well-formed UTF-8 (no surrogates, no overlong forms).
[[nodiscard]] bool is_utf8(std::string_view text);
/// Length in code points; `text` is UTF-8.
[[nodiscard]] std::size_t code_points(std::string_view text);
/// `text` without white space (ASCII) at its ends.
[[nodiscard]] std::string_view trim(std::string_view text);
/// ASCII lower case.
[[nodiscard]] std::string ascii_lower(std::string_view text);

}  // namespace annals::base
