#include "tlog/leaf.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/encoding.h"
#include "base/hash.h"

namespace annals::tlog {
namespace {

constexpr std::uint8_t kLayout = 1;
constexpr std::size_t kTagAt = 2;
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kSeqAt = kTagAt + kTagBytes;
constexpr std::size_t kRecordedAt = kSeqAt + 8;
constexpr std::size_t kCommitmentAt = kRecordedAt + 8;
static_assert(kCommitmentAt + sizeof(base::Digest) == kLeafBytes);

void put_u64(std::span<std::uint8_t> out, std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  for (std::size_t i = 0; i < 8; ++i) out[i] = static_cast<std::uint8_t>(bits >> (56 - 8 * i));
}

std::int64_t read_u64(base::ByteSpan bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8U | bytes[i];
  return static_cast<std::int64_t>(value);
}

}  // namespace

Leaf encode_leaf(const LeafParts& parts) {
  Leaf leaf{};
  leaf[0] = kLayout;
  leaf[1] = static_cast<std::uint8_t>(parts.type);
  const std::span<std::uint8_t> rest(leaf);
  const auto& tag = parts.contact_tag.bytes;
  std::copy(tag.begin(), tag.end(), rest.subspan(kTagAt).begin());
  put_u64(rest.subspan(kSeqAt), parts.contact_seq);
  put_u64(rest.subspan(kRecordedAt), parts.recorded_at);
  std::copy(parts.commitment.begin(), parts.commitment.end(), rest.subspan(kCommitmentAt).begin());
  return leaf;
}

std::optional<LeafParts> decode_leaf(base::ByteSpan leaf) {
  if (leaf.size() != kLeafBytes || leaf[0] != kLayout || leaf[1] < 1 ||
      leaf[1] > static_cast<std::uint8_t>(LeafType::kSettings)) {
    return std::nullopt;
  }
  LeafParts parts{.type = static_cast<LeafType>(leaf[1]),
                  .contact_tag = {},
                  .contact_seq = read_u64(leaf.subspan(kSeqAt)),
                  .recorded_at = read_u64(leaf.subspan(kRecordedAt))};
  const base::ByteSpan tag = leaf.subspan(kTagAt, kTagBytes);
  std::copy(tag.begin(), tag.end(), parts.contact_tag.bytes.begin());
  const base::ByteSpan commitment = leaf.subspan(kCommitmentAt);
  std::copy(commitment.begin(), commitment.end(), parts.commitment.begin());
  return parts;
}

base::Digest commitment(base::ByteSpan salt, std::string_view record) {
  return base::hmac_sha256(salt, {base::as_bytes(record)});
}

}  // namespace annals::tlog
