// In place of what the ledger computes (cmake/extras.cmake): no commitment, no hash of a leaf, and
// no tree. Rows of the journal keep the length that they have with it. What such a server wrote
// cannot be verified; it is for measuring alone.
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/encoding.h"
#include "base/hash.h"
#include "db/business.h"
#include "db/db.h"
#include "tlog/tree.h"

namespace annals::bench {

base::Digest no_commitment(base::ByteSpan salt, std::string_view record) asm(
    "__wrap__ZN6annals4tlog10commitmentESt4spanIKhLm18446744073709551615EESt17basic_string_viewIcSt"
    "11char_traitsIcEE");
base::Digest no_commitment(base::ByteSpan /*salt*/, std::string_view /*record*/) { return {}; }

tlog::Hash no_hash(base::ByteSpan leaf) asm(
    "__wrap__ZN6annals4tlog9leaf_hashESt4spanIKhLm18446744073709551615EE");
tlog::Hash no_hash(base::ByteSpan /*leaf*/) { return {}; }

// clang-format off
void no_tree(db::Tx& tx, db::BusinessKey business, std::uint64_t first,
             std::vector<tlog::Hash> hashes) asm(
    "__wrap__ZN6annals6ledger9grow_treeERNS_2db2TxElmSt6vectorISt5arrayIhLm32EESaIS6_EE");
// clang-format on
void no_tree(db::Tx& /*tx*/, db::BusinessKey /*business*/, std::uint64_t /*first*/,
             std::vector<tlog::Hash> /*hashes*/) {}

}  // namespace annals::bench
