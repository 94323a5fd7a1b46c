// One row of the journal with what stands beside it, and what is wrong with it. Private to
// evidence/.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/short_hash.h"
#include "db/db.h"
#include "evidence/beside.h"
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
  ledger::Kind kind = ledger::Kind::kEntry;
  bool blank = false;  // record and salts are not there: erased, where a later leaf says so
  std::vector<std::string> faults;
  std::vector<base::Digest> files;  // that the row's record names
};

/// How much of each row is read.
enum class Depth {
  kLeaves,      // and hashed, nothing else
  kRecords,     // and compared with leaf and columns; what should stand beside them is added up
  kEverything,  // and compared with what stands beside them
  kBeside,      // only that: the faults of what stands beside the journal
};

struct Rows {
  std::vector<Step> steps;
  BesideSums beside;  // of kRecords
};

/// Each contact's tag.
using Tags = std::unordered_map<base::Id, base::Id>;

/// What checking takes besides the rows.
struct CheckWith {
  base::Id business;
  const Tags& tags;
  base::ShortHashKey key{};  // of the sums
};

/// Rows with `from` < pos ≤ `to` of the transaction's business.
[[nodiscard]] Rows check_rows(db::Tx& tx, const CheckWith& with, std::int64_t from, std::int64_t to,
                              Depth depth);

}  // namespace annals::evidence
