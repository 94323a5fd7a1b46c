#include "tlog/decimal.h"

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

namespace annals::tlog {

std::optional<std::uint64_t> parse_decimal(std::string_view text) {
  std::uint64_t value = 0;
  const char* begin =
      text.data();  // NOLINT(bugprone-suspicious-stringview-data-usage): with an end
  const char* end = begin + text.size();
  const auto [stop, error] = std::from_chars(begin, end, value);
  const bool plain = text == "0" || !text.starts_with('0');
  if (!plain || error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

}  // namespace annals::tlog
