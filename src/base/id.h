// Identifiers: UUID version 7 (RFC 9562), so that they sort by when they were made.
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"

namespace annals::base {

struct Id {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const Id&) const = default;
  /// Lower case, with hyphens.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool is_nil() const { return *this == Id{}; }
};

/// Any UUID in the form with hyphens; nothing where `text` is none.
[[nodiscard]] std::optional<Id> parse_id(std::string_view text);

/// Makes ids of one process that never repeat and rise strictly, also within a millisecond and
/// when the clock goes back. Safe from any thread.
[[nodiscard]] Id make_id(Micros now, const Random& random = buffered_random());

}  // namespace annals::base

template <>
struct std::hash<annals::base::Id> {
  std::size_t operator()(const annals::base::Id& id) const noexcept {
    std::size_t h = 0;
    // The last eight bytes are random, which makes them the hash.
    for (std::size_t i = 8; i < 16; ++i) h = (h << 8U) | id.bytes[i];
    return h;
  }
};
