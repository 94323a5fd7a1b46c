#include "base/id.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "base/clock.h"
#include "base/random.h"

namespace annals::base {
namespace {

constexpr std::size_t kTextChars = 36;
constexpr bool is_hyphen(std::size_t at) { return at == 8 || at == 13 || at == 18 || at == 23; }

}  // namespace

std::string Id::text() const {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out(kTextChars, '-');
  std::size_t at = 0;
  for (const std::uint8_t byte : bytes) {
    if (is_hyphen(at)) ++at;
    out[at++] = kDigits[byte >> 4U];
    out[at++] = kDigits[byte & 15U];
  }
  return out;
}

std::optional<Id> parse_id(std::string_view text) {
  if (text.size() != kTextChars) return std::nullopt;
  Id id;
  std::size_t at = 0;
  for (std::uint8_t& byte : id.bytes) {
    if (is_hyphen(at) && text[at++] != '-') return std::nullopt;
    const char* end = text.data() + at + 2;
    const auto [stop, error] = std::from_chars(text.data() + at, end, byte, 16);
    if (error != std::errc{} || stop != end) return std::nullopt;
    at += 2;
  }
  return id;
}

Id make_id(Micros now, const Random& random) {
  static std::mutex mutex;
  static std::uint64_t last = 0;
  // RFC 9562, method 3: 48 bits of milliseconds, then 12 bits of their fraction. One number orders
  // both, and where the clock stands still or goes back it is counted on.
  const auto us = static_cast<std::uint64_t>(std::max<Micros>(now, 0));
  std::uint64_t tick = ((us / 1000) << 12U) | ((us % 1000) * 4096 / 1000);
  {
    const std::lock_guard lock(mutex);
    tick = std::max(tick, last + 1);
    last = tick;
  }
  Id id;
  random.fill(id.bytes);
  const std::uint64_t ms = tick >> 12U;
  for (std::size_t i = 0; i < 6; ++i) id.bytes[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
  id.bytes[6] = static_cast<std::uint8_t>(0x70U | ((tick >> 8U) & 0x0FU));
  id.bytes[7] = static_cast<std::uint8_t>(tick & 0xFFU);
  id.bytes[8] = static_cast<std::uint8_t>(0x80U | (id.bytes[8] & 0x3FU));
  return id;
}

}  // namespace annals::base
