#include "ledger/tree.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"
#include "db/business.h"
#include "db/db.h"
#include "tlog/tile.h"
#include "tlog/tree.h"

namespace annals::ledger {
namespace {

using tlog::Hash;
using tlog::kTileWidth;

constexpr std::int64_t kLeavesAtOnce = 10'000;  // read from the journal

// A run begins at `idx` and ends before the next multiple of a tile's width at the latest.
constexpr db::InsertInto kRun{
    .table = "tree_hashes (business, level, idx, hashes)", .types = "iiib", .conflict = {}};
constexpr const char* kRuns = R"(
  SELECT idx, hashes FROM tree_hashes
  WHERE business = $1 AND level = $2 AND idx >= $3 AND idx < $4 ORDER BY idx)";
constexpr const char* kLastRun = R"(
  SELECT idx, length(hashes) FROM tree_hashes WHERE business = $1 AND level = 0
  ORDER BY idx DESC LIMIT 1)";

constexpr const char* kLeafHash = R"(
  SELECT substr(hashes, CAST(($2 - idx) * 32 + 1 AS INTEGER), 32) FROM tree_hashes
  WHERE business = $1 AND level = 0 AND idx <= $2 ORDER BY idx DESC LIMIT 1)";

// All hashes of a tile that there are.
std::vector<Hash> runs_of(db::Tx& tx, db::BusinessKey business, int level, std::uint64_t tile) {
  std::vector<Hash> hashes;
  const std::uint64_t begin = tile * kTileWidth;
  db::Rows rows = tx.query(kRuns, {business, level, begin, begin + kTileWidth});
  while (rows.next()) {
    const base::ByteSpan run = rows->blob(1);
    const auto at = static_cast<std::uint64_t>(rows->integer(0));
    if (at != begin + hashes.size() || run.size() % sizeof(Hash) != 0) break;
    for (std::size_t i = 0; i < run.size(); i += sizeof(Hash)) {
      const base::ByteSpan one = run.subspan(i, sizeof(Hash));
      std::copy(one.begin(), one.end(), hashes.emplace_back().begin());
    }
  }
  return hashes;
}

std::uint64_t size_of(db::Tx& tx, db::BusinessKey business) {
  db::Rows rows = tx.query(kLastRun, {business});
  if (!rows.next()) return 0;
  return static_cast<std::uint64_t>(rows->integer(0)) +
         static_cast<std::uint64_t>(rows->integer(1)) / sizeof(Hash);
}

base::Bytes join(std::span<const Hash> hashes) {
  base::Bytes bytes;
  bytes.reserve(hashes.size() * sizeof(Hash));
  for (const Hash& hash : hashes) bytes.insert(bytes.end(), hash.begin(), hash.end());
  return bytes;
}

// Where the tree of a business ends: its last tile of leaves, where that is not full. Who derives
// remembers it as long as nobody else did.
struct End {
  db::BusinessKey business = db::kNoBusiness;
  std::uint64_t size = 0;
  std::vector<Hash> tile;

  [[nodiscard]] bool is_at(db::BusinessKey of, int level, std::uint64_t at) const {
    return business == of && level == 0 && size == at;
  }
};

// Appends to one level, from `first` on; returns the roots of the tiles that this completed.
std::vector<Hash> append(db::Tx& tx, db::BusinessKey business, int level, std::uint64_t first,
                         std::span<const Hash> hashes, const End& end) {
  std::vector<Hash> above;
  std::vector<db::Param> rows;
  std::deque<base::Bytes> runs;  // what `rows` refers to
  for (std::size_t done = 0; done < hashes.size();) {
    const std::uint64_t at = first + done;
    const auto within = static_cast<std::size_t>(at % kTileWidth);
    const std::size_t count = std::min(kTileWidth - within, hashes.size() - done);
    const std::span<const Hash> run = hashes.subspan(done, count);
    rows.insert(rows.end(), {business, level, at, base::ByteSpan(runs.emplace_back(join(run)))});
    if (within + count == kTileWidth) {
      std::vector<Hash> tile;
      if (end.is_at(business, level, at)) {
        tile = end.tile;
      } else if (within > 0) {
        tile = runs_of(tx, business, level, at / kTileWidth);
      }
      tile.insert(tile.end(), run.begin(), run.end());
      CHECK(tile.size() == kTileWidth);
      above.push_back(tlog::fold(std::move(tile)));
    }
    done += count;
  }
  tx.insert(kRun, rows);
  return above;
}

void append_all(db::Tx& tx, db::BusinessKey business, std::uint64_t first, std::vector<Hash> hashes,
                const End& end) {
  for (int level = 0; !hashes.empty(); ++level) {
    hashes = append(tx, business, level, first, hashes, end);
    first /= kTileWidth;
  }
}

// Where it ends once `hashes` are appended.
End end_after(End end, std::span<const Hash> hashes) {
  end.size += hashes.size();
  const auto within = static_cast<std::size_t>(end.size % kTileWidth);
  if (hashes.size() >= within) end.tile.clear();
  const std::size_t more = std::min(within, hashes.size());
  end.tile.insert(end.tile.end(), hashes.end() - static_cast<std::ptrdiff_t>(more), hashes.end());
  return end;
}

// (On PostgreSQL a position is a leaf's index and one.)
constexpr const char* kLeaves = R"(
  SELECT leaf FROM journal WHERE business = $1 AND pos > $2 AND pos <= $3 ORDER BY pos LIMIT $4)";
constexpr const char* kLeafCount = R"(
  SELECT coalesce(max(pos), 0) FROM journal WHERE business = $1)";

// From the journal, as far as `size`.
void catch_up(db::Tx& tx, db::BusinessKey business, std::uint64_t size) {
  CHECK(tx.engine() == db::Engine::kPostgres);
  for (std::uint64_t have = size_of(tx, business); have < size;) {
    std::vector<Hash> hashes;
    {
      db::Rows rows = tx.query(kLeaves, {business, have, size, kLeavesAtOnce});
      while (rows.next()) hashes.push_back(tlog::leaf_hash(rows->blob(0)));
    }
    if (hashes.empty()) throw base::Error(base::Code::kInternal, "The journal lacks leaves.");
    const std::uint64_t first = have;
    have += hashes.size();
    append_all(tx, business, first, std::move(hashes), {});
  }
}

std::uint64_t leaf_count(db::Tx& tx) {
  db::Rows rows = tx.query(kLeafCount, {tx.business()});
  CHECK(rows.next());
  return static_cast<std::uint64_t>(rows->integer(0));
}

}  // namespace

void grow_tree(db::Tx& tx, db::BusinessKey business, std::uint64_t first,
               std::vector<Hash> hashes) {
  if (hashes.empty()) return;
  const auto known = std::static_pointer_cast<End>(tx.writer_memory());
  End end;
  if (known && known->business == business) {
    end = *known;
  } else {
    end = {.business = business, .size = size_of(tx, business), .tile = {}};
    if (end.size < first) {
      catch_up(tx, business, first);
      end.size = first;
    }
    end.tile = runs_of(tx, business, 0, end.size / kTileWidth);
  }
  if (end.size != first) {
    throw base::Error(base::Code::kInternal, "The tree has other leaves than the journal.");
  }
  const End after = end_after(end, hashes);
  append_all(tx, business, first, std::move(hashes), end);
  tx.writer_memory() = std::make_shared<End>(after);
}

std::optional<Hash> leaf_hash(db::Tx& tx, std::uint64_t index) {
  db::Rows rows = tx.query(kLeafHash, {tx.business(), index});
  if (!rows.next()) return std::nullopt;
  const base::ByteSpan found = rows->blob(0);
  Hash hash{};
  if (found.size() != hash.size()) return std::nullopt;
  std::copy(found.begin(), found.end(), hash.begin());
  return hash;
}

std::uint64_t tree_size(db::Tx& tx) { return size_of(tx, tx.business()); }

tlog::TileTree tree(db::Tx& tx, std::uint64_t size) {
  return {size, [&tx](const tlog::Tile& tile) {
            std::vector<Hash> hashes = runs_of(tx, tx.business(), tile.level, tile.index);
            if (hashes.size() > static_cast<std::size_t>(tile.width)) {
              hashes.resize(static_cast<std::size_t>(tile.width));
            }
            return hashes;
          }};
}

std::vector<Hash> read_tile(db::Tx& tx, const tlog::Tile& tile) {
  if (tile.width > tlog::tile_width(tile.level, tile.index, tree_size(tx))) {
    throw base::not_found("tile");
  }
  std::vector<Hash> hashes = runs_of(tx, tx.business(), tile.level, tile.index);
  if (hashes.size() < static_cast<std::size_t>(tile.width)) throw base::not_found("tile");
  hashes.resize(static_cast<std::size_t>(tile.width));
  return hashes;
}

bool tree_lags(db::Tx& tx) {
  return tx.engine() == db::Engine::kPostgres && tree_size(tx) < leaf_count(tx);
}

void complete_tree(db::Tx& tx) { catch_up(tx, tx.business(), leaf_count(tx)); }

}  // namespace annals::ledger
