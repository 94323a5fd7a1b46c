#include "tlog/leaf.h"

#include <gtest/gtest.h>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "base/encoding.h"
#include "base/hash.h"
#include "base/id.h"
#include "tlog/tree.h"

namespace annals::tlog {
namespace {

LeafParts parts() {
  LeafParts parts{.type = LeafType::kRevision,
                  .contact_tag = {},
                  .contact_seq = 0x0102030405060708,
                  .recorded_at = 0x1112131415161718};
  parts.contact_tag.bytes.fill(0xAA);
  parts.commitment.fill(0xCC);
  return parts;
}

TEST(LeafTest, IsLaidOutAsSpecified) {
  const Leaf leaf = encode_leaf(parts());
  EXPECT_EQ(base::hex(leaf), "0102" + std::string(32, 'a') + "0102030405060708" +
                                 "1112131415161718" + std::string(64, 'c'));
  EXPECT_EQ(leaf_hash(leaf), base::sha256({base::Bytes{0}, base::ByteSpan(leaf)}));
}

TEST(LeafTest, IsReadAsItWasWritten) { EXPECT_EQ(decode_leaf(encode_leaf(parts())), parts()); }

TEST(LeafTest, OfAnotherLayoutTypeOrLengthIsNone) {
  const Leaf leaf = encode_leaf(parts());
  EXPECT_FALSE(decode_leaf(base::ByteSpan(leaf).first(kLeafBytes - 1)));
  EXPECT_FALSE(decode_leaf({}));
  for (const auto& [at, value] : {std::pair(0, 2), {0, 0}, {1, 0}, {1, 7}, {1, 255}}) {
    Leaf other = leaf;
    other.at(static_cast<std::size_t>(at)) = static_cast<std::uint8_t>(value);
    EXPECT_FALSE(decode_leaf(other)) << at << " " << value;
  }
}

TEST(LeafTest, ACommitmentIsTheRecordsHmac) {
  // RFC 4231, test case 2.
  EXPECT_EQ(base::hex(commitment(base::as_bytes("Jefe"), "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

}  // namespace
}  // namespace annals::tlog
