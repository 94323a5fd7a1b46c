// SHA-256 (FIPS 180-4), HMAC (RFC 2104) and comparison in constant time.
#pragma once
#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string_view>

#include "base/encoding.h"

namespace annals::base {

using Digest = std::array<std::uint8_t, 32>;

/// The hash of the parts, one after the other.
[[nodiscard]] Digest sha256(std::initializer_list<ByteSpan> parts);
/// The hash of what is added, piece by piece. One thread.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void add(ByteSpan piece);
  /// Of all that was added. Nothing can be added after it.
  [[nodiscard]] Digest digest();

 private:
  struct State;
  std::unique_ptr<State> state_;
};
[[nodiscard]] Digest hmac_sha256(ByteSpan key, std::initializer_list<ByteSpan> parts);
/// Whether both are equal, in a time that depends on their lengths alone.
[[nodiscard]] bool equal_constant_time(ByteSpan a, ByteSpan b);

}  // namespace annals::base
