// SHA-256 (FIPS 180-4), HMAC (RFC 2104) and comparison in constant time.
#pragma once
#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "base/encoding.h"

namespace annals::base {

using Digest = std::array<std::uint8_t, 32>;

/// The hash of the parts, one after the other.
[[nodiscard]] Digest sha256(std::initializer_list<ByteSpan> parts);
[[nodiscard]] Digest hmac_sha256(ByteSpan key, std::initializer_list<ByteSpan> parts);
/// Whether both are equal, in a time that depends on their lengths alone.
[[nodiscard]] bool equal_constant_time(ByteSpan a, ByteSpan b);

}  // namespace annals::base
