// Each business's Merkle tree, as runs of hashes in the derived table `tree_hashes`: made from the
// journal's leaves in their order, by who derives (the applier on SQLite, the writer on
// PostgreSQL), and so never of a leaf that is not durable, or would not be together with it.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "db/business.h"
#include "db/db.h"
#include "tlog/tile.h"
#include "tlog/tree.h"

namespace annals::ledger {

/// Appends the hashes of the leaves from `first` on. Leaves before `first` that the tree lacks are
/// taken from the journal first. Throws kInternal where the tree has `first` already. For Derive
/// alone: it keeps in tx.writer_memory() where the tree ends.
void grow_tree(db::Tx& tx, db::BusinessKey business, std::uint64_t first,
               std::vector<tlog::Hash> hashes);

/// How many leaves the tree of the transaction's business has.
[[nodiscard]] std::uint64_t tree_size(db::Tx& tx);

/// The hash of one of its leaves; nothing where the tree has not so many.
[[nodiscard]] std::optional<tlog::Hash> leaf_hash(db::Tx& tx, std::uint64_t index);

/// The tree of the transaction's business, of its first `size` leaves, at most tree_size(). Must
/// not outlive the transaction.
[[nodiscard]] tlog::TileTree tree(db::Tx& tx, std::uint64_t size);

/// The hashes of one tile. Throws kNotFound where the tree is not (yet) so large.
[[nodiscard]] std::vector<tlog::Hash> read_tile(db::Tx& tx, const tlog::Tile& tile);

/// On PostgreSQL: whether the tree lacks leaves of the journal, as it does in a database of a
/// version before trees; and makes them. SQLite's applier makes all of its tables anew instead.
[[nodiscard]] bool tree_lags(db::Tx& tx);
void complete_tree(db::Tx& tx);

}  // namespace annals::ledger
