// Leaves for tests that need no entries, and what derives their tree alone.
#pragma once
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/id.h"
#include "db/db.h"
#include "ledger/ledger.h"
#include "ledger/tree.h"
#include "tlog/tree.h"

namespace annals::ledger {

inline base::Id test_id(std::int64_t number) {
  base::Id id;
  for (std::size_t i = 0; i < 8; ++i) {
    id.bytes.at(15 - i) = static_cast<std::uint8_t>(number >> (8 * i));
  }
  return id;
}

inline Place append_test_row(db::Tx& tx, const base::Id& contact, const base::Id& entry) {
  const Place place = take_place(tx, contact);
  const base::Bytes salt(kSaltBytes, 7);
  append(tx, {.contact = contact,
              .contact_tag = test_id(99),
              .entry = entry,
              .place = place,
              .occurred_at = 1,
              .record = "{}",
              .salt = salt,
              .draft_digest = {}});
  return place;
}

// The applier's part that is the ledger's. (entries::derivation() does the same with all the rest.)
inline std::int64_t derive_tree(db::Tx& tx, std::int64_t after) {
  std::map<db::BusinessKey, std::pair<std::int64_t, std::vector<tlog::Hash>>> grown;
  std::map<std::pair<db::BusinessKey, base::Id>, std::pair<std::int64_t, std::int64_t>> heads;
  std::int64_t pos = after;
  {
    const char* sql = tx.business() == db::kNoBusiness
                          ? "SELECT pos, business, leaf_index, leaf, contact, contact_seq, "
                            "recorded_at FROM journal WHERE pos > $1 AND $2 = 0 ORDER BY pos"
                          : "SELECT pos, business, leaf_index, leaf, contact, contact_seq, "
                            "recorded_at FROM journal WHERE pos > $1 AND business = $2 "
                            "ORDER BY pos";
    db::Rows rows = tx.query(sql, {after, tx.business()});
    while (rows.next()) {
      pos = rows->integer(0);
      const db::BusinessKey business = rows->integer(1);
      auto& of =
          grown.try_emplace(business, rows->integer(2), std::vector<tlog::Hash>{}).first->second;
      of.second.push_back(tlog::leaf_hash(rows->blob(3)));
      heads[{business, rows->id(4)}] = {rows->integer(5), rows->integer(6)};
      heads[{business, base::Id{}}] = {rows->integer(2) + 1, rows->integer(6)};
    }
  }
  for (const auto& [key, head] : heads) {
    tx.execute(
        "INSERT INTO heads (business, contact, seq, recorded_at) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (business, contact) DO UPDATE SET seq = excluded.seq, "
        "recorded_at = excluded.recorded_at",
        {key.first, key.second, head.first, head.second});
  }
  for (auto& [business, of] : grown) {
    grow_tree(tx, business, static_cast<std::uint64_t>(of.first), std::move(of.second));
  }
  return pos;
}

inline std::vector<tlog::Hash> journal_leaf_hashes(db::Tx& tx) {
  std::vector<tlog::Hash> hashes;
  db::Rows rows =
      tx.query("SELECT leaf FROM journal WHERE business = $1 ORDER BY leaf_index", {tx.business()});
  while (rows.next()) hashes.push_back(tlog::leaf_hash(rows->blob(0)));
  return hashes;
}

}  // namespace annals::ledger
