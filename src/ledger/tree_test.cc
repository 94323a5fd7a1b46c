#include "ledger/tree.h"

#include <gtest/gtest.h>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/temp_folder.h"
#include "db/db.h"
#include "db/test_database.h"
#include "ledger/test_ledger.h"
#include "tlog/test_tree.h"
#include "tlog/tile.h"
#include "tlog/tree.h"

namespace annals::ledger {
namespace {

class TreeTest : public testing::Test {
 protected:
  TreeTest() : database_(db::open_for_test(options())) {}
  [[nodiscard]] db::Options options() const {
    return {.folder = folder_.path(), .derive = derive_tree};
  }
  // Leaves of `count` entries, by a write each.
  void add(db::BusinessKey business, int writes, int leaves_each = 1) {
    for (int i = 0; i < writes; ++i) {
      database_->write(business, [&](db::Tx& tx) {
        for (int n = 0; n < leaves_each; ++n)
          append_test_row(tx, test_id(business), test_id(++id_));
      });
    }
  }
  [[nodiscard]] std::vector<tlog::Hash> leaves(db::BusinessKey business) {
    return database_->read(business, [](db::Tx& tx) { return journal_leaf_hashes(tx); });
  }
  void expect_whole(db::BusinessKey business) {
    const std::vector<tlog::Hash> all = leaves(business);
    database_->read(business, [&](db::Tx& tx) {
      ASSERT_EQ(tree_size(tx), all.size());
      tlog::TileTree grown = tree(tx, all.size());
      EXPECT_EQ(grown.root(all.size()), tlog::naive_root(all));
      for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(leaf_hash(tx, i), all[i]) << i;
      EXPECT_EQ(leaf_hash(tx, all.size()), std::nullopt);
    });
  }

  base::TempFolder folder_;
  std::unique_ptr<db::Database> database_;
  std::int64_t id_ = 0;
};

TEST_F(TreeTest, IsThatOfTheJournalsLeavesHoweverTheyCame) {
  EXPECT_EQ(database_->read(1, [](db::Tx& tx) { return tree_size(tx); }), 0U);
  add(1, 3);
  expect_whole(1);
  add(1, 1, 250);  // up to three short of a tile
  add(1, 5);       // past it, one by one
  expect_whole(1);
  add(1, 1, 700);  // two tiles and a part at once
  add(2, 2, 300);  // another business's tree is its own
  expect_whole(1);
  expect_whole(2);
}

TEST_F(TreeTest, ProvesEachLeafAndEachSize) {
  add(1, 1, 600);
  add(1, 3);
  const std::vector<tlog::Hash> all = leaves(1);
  database_->read(1, [&](db::Tx& tx) {
    tlog::TileTree grown = tree(tx, all.size());
    const tlog::Hash root = grown.root(all.size());
    for (const std::size_t at : {0U, 1U, 255U, 256U, 511U, 512U, 599U, 602U}) {
      EXPECT_TRUE(
          tlog::verify_inclusion(all[at], at, all.size(), grown.inclusion(at, all.size()), root));
      const std::span<const tlog::Hash> old = std::span(all).first(at + 1);
      EXPECT_TRUE(tlog::verify_consistency(at + 1, tlog::naive_root(old), all.size(), root,
                                           grown.consistency(at + 1, all.size())));
    }
    EXPECT_LE(grown.reads(), 4U);
  });
}

TEST_F(TreeTest, GivesTilesAsFarAsItIsLarge) {
  add(1, 1, 600);
  const std::vector<tlog::Hash> all = leaves(1);
  database_->read(1, [&](db::Tx& tx) {
    const auto read = tlog::test_tiles(all);
    for (const tlog::Tile& tile :
         {tlog::Tile{.level = 0, .index = 1}, {0, 2, 88}, {0, 2, 3}, {1, 0, 2}, {0, 0, 7}}) {
      EXPECT_EQ(read_tile(tx, tile), read(tile)) << tlog::tile_path(tile);
    }
    for (const tlog::Tile& tile : {tlog::Tile{.level = 0, .index = 2},
                                   {0, 2, 89},
                                   {1, 0, 3},
                                   {2, 0, 1},
                                   {0, 3, 1},
                                   {40, 0, 1}}) {
      EXPECT_THROW(static_cast<void>(read_tile(tx, tile)), base::Error) << tlog::tile_path(tile);
    }
  });
}

TEST_F(TreeTest, WhatIsRolledBackIsNotInIt) {
  add(1, 2);
  EXPECT_THROW(database_->write(1,
                                [&](db::Tx& tx) {
                                  append_test_row(tx, test_id(1), test_id(900));
                                  throw base::invalid("", "test", "no");
                                }),
               base::Error);
  add(1, 2);
  EXPECT_EQ(leaves(1).size(), 4U);
  expect_whole(1);
}

TEST_F(TreeTest, IsMadeAnewFromTheJournal) {
  add(1, 3, 200);
  db::forget_for_test(database_, options(), 1);
  add(1, 1);
  expect_whole(1);
}

// What a server of a version before trees wrote beside this one.
TEST_F(TreeTest, OnPostgresLeavesThatItLacksAreMadeUpFor) {
  if (db::test_server().empty()) GTEST_SKIP() << "SQLite makes all derived tables anew instead";
  add(1, 3, 200);
  const auto cut = [](db::Tx& tx) {
    tx.execute("DELETE FROM tree_hashes WHERE business = $1 AND (level = 1 OR idx >= 200)",
               {tx.business()});
  };
  database_->write(1, cut);
  EXPECT_TRUE(database_->read(1, [](db::Tx& tx) { return tree_lags(tx); }));
  add(1, 1);
  expect_whole(1);
  database_->write(1, cut);
  database_->write(1, complete_tree);
  EXPECT_FALSE(database_->read(1, [](db::Tx& tx) { return tree_lags(tx); }));
  expect_whole(1);
}

}  // namespace
}  // namespace annals::ledger
