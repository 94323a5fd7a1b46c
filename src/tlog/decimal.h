// Numbers as C2SP's formats write them. Private to tlog/.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace annals::tlog {

/// Digits without leading zeroes; nothing where the text is anything else, or too large.
[[nodiscard]] std::optional<std::uint64_t> parse_decimal(std::string_view text);

}  // namespace annals::tlog
