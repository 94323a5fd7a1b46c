#include "entries/leaves.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "access/actor.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/id.h"
#include "catalog/catalog.h"
#include "db/db.h"
#include "entries/deliver.h"
#include "entries/faults.h"
#include "entries/load.h"
#include "entries/record.h"
#include "ledger/tree.h"
#include "tlog/leaf.h"
#include "tlog/tree.h"

namespace annals::entries {
namespace {

base::Bytes part(base::ByteSpan salts, std::size_t number) {
  const std::size_t begin = number * tlog::kSaltBytes;
  if (salts.size() < begin + tlog::kSaltBytes) return {};
  const base::ByteSpan one = salts.subspan(begin, tlog::kSaltBytes);
  return {one.begin(), one.end()};
}

constexpr const char* kLeaf = R"(
  SELECT leaf, record, salt FROM journal WHERE business = $1 AND pos = $2)";

// Of the journal's row at `pos`, with as many attachments as `files`.
EntryLeaf leaf_at(db::Tx& tx, std::int64_t pos, const std::vector<RecordAttachment>& files) {
  db::Rows rows = tx.query(kLeaf, {tx.business(), pos});
  CHECK(rows.next());
  const base::ByteSpan leaf_bytes = rows->blob(0);
  const base::ByteSpan salts = rows->blob(2);
  EntryLeaf leaf;
  leaf.leaf.assign(leaf_bytes.begin(), leaf_bytes.end());
  leaf.record = rows->string(1);
  leaf.salt = part(salts, 0);
  for (std::size_t i = 0; i < files.size(); ++i) {
    leaf.attachments.push_back({files[i].id, part(salts, i + 1)});
  }
  return leaf;
}

EntryLeaf leaf_of(db::Tx& tx, const Stored& stored) {
  EntryLeaf leaf = leaf_at(tx, stored.pos, stored.record.attachments);
  leaf.version = stored.record.version;
  leaf.contact_seq = stored.shown.contact_seq;
  leaf.index = static_cast<std::uint64_t>(stored.shown.leaf_index);
  return leaf;
}

EntryLeaf leaf_of(db::Tx& tx, const StoredDelivery& stored) {
  EntryLeaf leaf = leaf_at(tx, stored.pos, {});
  leaf.delivery = stored.delivery.id;
  leaf.contact_seq = stored.contact_seq;
  leaf.index = static_cast<std::uint64_t>(stored.leaf_index);
  return leaf;
}

std::vector<EntryLeaf> leaves_of(db::Tx& tx, const History& history, const Trail& trail) {
  std::vector<EntryLeaf> leaves{leaf_of(tx, history.first)};
  for (const Stored& correction : history.corrections) leaves.push_back(leaf_of(tx, correction));
  if (history.retraction) leaves.push_back(leaf_of(tx, *history.retraction));
  for (const StoredDelivery& event : trail) leaves.push_back(leaf_of(tx, event));
  return leaves;
}

}  // namespace

std::vector<EntryLeaf> entry_leaves(db::Tx& tx, const access::Actor& actor, const base::Id& entry) {
  const History history = load_history(tx, entry, catalog::sight(tx, actor));
  return leaves_of(tx, history, trails(tx, {&entry, 1}, std::nullopt)[entry]);
}

std::vector<std::string> faults_of(db::Tx& tx, const History& history, const Trail& trail) {
  std::vector<std::string> faults;
  for (const EntryLeaf& leaf : leaves_of(tx, history, trail)) {
    const auto parts = tlog::decode_leaf(leaf.leaf);
    if (!parts) {
      faults.emplace_back("leaf");
      continue;
    }
    if (!leaf.record.empty() && parts->commitment != tlog::commitment(leaf.salt, leaf.record)) {
      faults.emplace_back("record");
    }
    if (parts->contact_seq != leaf.contact_seq) faults.emplace_back("contact_seq");
    if (ledger::leaf_hash(tx, leaf.index) != tlog::leaf_hash(leaf.leaf)) {
      faults.emplace_back("tree");
    }
  }
  return faults;
}

}  // namespace annals::entries
