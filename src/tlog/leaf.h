// What a leaf of our logs holds: no content, only a commitment to it, so that content can be erased
// without breaking the log.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "base/id.h"

namespace annals::tlog {

/// Byte 1 of a leaf.
enum class LeafType : std::uint8_t {
  kEntry = 1,
  kRevision = 2,  // a correction or a retraction
  kDelivery = 3,
  kShred = 4,
  kAnchor = 5,
  kSettings = 6,
};

inline constexpr std::size_t kLeafBytes = 66;
inline constexpr std::size_t kSaltBytes = 32;
using Leaf = std::array<std::uint8_t, kLeafBytes>;

/// `01 | type | contact_tag(16) | contact_seq u64be | recorded_at µs u64be | commitment(32)`.
struct LeafParts {
  LeafType type = LeafType::kEntry;
  base::Id
      contact_tag;  // random, in place of the contact's id; zero where it is about the business
  std::int64_t contact_seq = 0;
  base::Micros recorded_at = 0;
  base::Digest commitment{};
  bool operator==(const LeafParts&) const = default;
};

[[nodiscard]] Leaf encode_leaf(const LeafParts& parts);
/// Nothing where the bytes are no leaf of a layout and a type that this program knows.
[[nodiscard]] std::optional<LeafParts> decode_leaf(base::ByteSpan leaf);

/// HMAC-SHA256(salt, record).
[[nodiscard]] base::Digest commitment(base::ByteSpan salt, std::string_view record);

}  // namespace annals::tlog
