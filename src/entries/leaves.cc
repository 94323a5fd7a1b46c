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

EntryLeaf leaf_of(db::Tx& tx, const Stored& stored) {
  db::Rows rows = tx.query(kLeaf, {tx.business(), stored.pos});
  CHECK(rows.next());
  const base::ByteSpan leaf_bytes = rows->blob(0);
  const base::ByteSpan salts = rows->blob(2);
  EntryLeaf leaf{.version = stored.record.version,
                 .contact_seq = stored.shown.contact_seq,
                 .index = static_cast<std::uint64_t>(stored.shown.leaf_index),
                 .leaf = {leaf_bytes.begin(), leaf_bytes.end()},
                 .record = rows->string(1),
                 .salt = part(salts, 0),
                 .attachments = {}};
  for (std::size_t i = 0; i < stored.record.attachments.size(); ++i) {
    leaf.attachments.push_back({stored.record.attachments[i].id, part(salts, i + 1)});
  }
  return leaf;
}

}  // namespace

std::vector<EntryLeaf> entry_leaves(db::Tx& tx, const access::Actor& actor, const base::Id& entry) {
  const History history = load_history(tx, entry, catalog::sight(tx, actor));
  std::vector<EntryLeaf> leaves{leaf_of(tx, history.first)};
  for (const Stored& correction : history.corrections) leaves.push_back(leaf_of(tx, correction));
  if (history.retraction) leaves.push_back(leaf_of(tx, *history.retraction));
  return leaves;
}

std::vector<std::string> faults_of(db::Tx& tx, const Stored& stored) {
  const EntryLeaf leaf = leaf_of(tx, stored);
  const auto parts = tlog::decode_leaf(leaf.leaf);
  if (!parts) return {"leaf"};
  std::vector<std::string> faults;
  if (!stored.erased && parts->commitment != tlog::commitment(leaf.salt, leaf.record)) {
    faults.emplace_back("record");
  }
  if (parts->contact_seq != leaf.contact_seq) faults.emplace_back("contact_seq");
  if (ledger::leaf_hash(tx, leaf.index) != tlog::leaf_hash(leaf.leaf)) faults.emplace_back("tree");
  return faults;
}

}  // namespace annals::entries
