#include "base/id.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/random.h"

namespace annals::base {

std::string Id::text() const {
  std::string out = hex(bytes);
  for (const std::size_t at : {8U, 13U, 18U, 23U}) out.insert(at, 1, '-');
  return out;
}

std::optional<Id> parse_id(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  std::string digits;
  digits.reserve(32);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (text[i] != '-') return std::nullopt;
    } else {
      digits += text[i];
    }
  }
  const auto bytes = from_hex(digits);
  if (!bytes) return std::nullopt;
  Id id;
  std::copy(bytes->begin(), bytes->end(), id.bytes.begin());
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
