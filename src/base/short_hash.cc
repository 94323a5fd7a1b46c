#include "base/short_hash.h"

#include <sodium.h>

#include <array>
#include <bit>
#include <cstdint>

#include "base/encoding.h"
#include "base/error.h"

namespace annals::base {

ShortHash short_hash(const ShortHashKey& key, ByteSpan bytes) {
  static_assert(sizeof(ShortHash) == crypto_shorthash_siphashx24_BYTES);
  static_assert(sizeof(ShortHashKey) == crypto_shorthash_siphashx24_KEYBYTES);
  std::array<std::uint8_t, sizeof(ShortHash)> raw{};
  CHECK(crypto_shorthash_siphashx24(raw.data(), bytes.data(), bytes.size(), key.data()) == 0);
  return std::bit_cast<ShortHash>(raw);
}

}  // namespace annals::base
