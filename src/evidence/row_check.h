// One row of the journal with what stands beside it, and what is wrong with it. Private to
// evidence/.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "base/id.h"
#include "db/db.h"
#include "entries/check.h"
#include "ledger/ledger.h"
#include "tlog/tree.h"

namespace annals::evidence {

/// What the walk over a log needs of each row, in order.
struct Step {
  std::int64_t pos = 0;
  base::Id contact;
  base::Id entry;
  std::int64_t version = 0;
  std::int64_t contact_seq = 0;
  std::int64_t leaf_index = 0;
  base::Micros recorded_at = 0;
  base::Id contact_tag;
  tlog::Hash leaf_hash{};
  std::vector<std::string> faults;
  std::vector<base::Digest> files;  // that the row's record names
};

/// Rows with `from` < pos ≤ `to` of the transaction's business. `quick` reads and hashes leaves
/// alone.
[[nodiscard]] std::vector<Step> check_rows(db::Tx& tx, const base::Id& business, std::int64_t from,
                                           std::int64_t to, bool quick);

}  // namespace annals::evidence
