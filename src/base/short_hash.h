// A short hash that nobody can foresee who has not the key: libsodium's 128 bits of SipHash-2-4.
// For sums and tables that live as long as their key.
#pragma once
#include <array>
#include <cstdint>

#include "base/encoding.h"

namespace annals::base {

using ShortHash = std::array<std::uint64_t, 2>;
using ShortHashKey = std::array<std::uint8_t, 16>;

[[nodiscard]] ShortHash short_hash(const ShortHashKey& key, ByteSpan bytes);

}  // namespace annals::base
