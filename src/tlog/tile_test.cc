#include "tlog/tile.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "tlog/test_tree.h"
#include "tlog/tree.h"

namespace annals::tlog {
namespace {

TEST(TileTest, PathsAreThoseOfTheSpecification) {
  EXPECT_EQ(tile_path({.level = 0, .index = 1'234'067}), "0/x001/x234/067");
  EXPECT_EQ(tile_path({.level = 1, .index = 0, .width = 5}), "1/000.p/5");
  EXPECT_EQ(parse_tile_path("0/x001/x234/067"), (Tile{.level = 0, .index = 1'234'067}));
  EXPECT_EQ(parse_tile_path("2/999.p/255"), (Tile{.level = 2, .index = 999, .width = 255}));
}

TEST(TileTest, APathThatIsNotTheOneSpellingIsNone) {
  for (const char* path : {"",
                           "0",
                           "0/",
                           "0/1",
                           "0/0001",
                           "00/001",
                           "-1/001",
                           "64/001",
                           "0/001/002",
                           "0/x000/001",
                           "0/x001",
                           "0/x001/",
                           "0/001.p/0",
                           "0/001.p/256",
                           "0/001.p/",
                           "0/001.p/05",
                           "0/001.p",
                           "x/001",
                           "0/X001/002",
                           "0/x1/002",
                           "0/ 01",
                           "0/001/",
                           "0/../001",
                           "0/x001/x001/x001/x001/x001/x001/x001",
                           "0/x999/x999/x999/x999/x999/x999/999"}) {
    EXPECT_FALSE(parse_tile_path(path)) << path;
  }
}

TEST(TileTest, PathsAreReadAsTheyWereWritten) {
  EXPECT_TRUE(rc::check([] {
    const Tile tile{.level = *rc::gen::inRange(0, 64),
                    .index = *rc::gen::arbitrary<std::uint64_t>(),
                    .width = *rc::gen::inRange(1, kTileWidth + 1)};
    RC_ASSERT(parse_tile_path(tile_path(tile)) == tile);
  }));
}

TEST(TileTest, WidthsAreWhatASizeHas) {
  EXPECT_EQ(tile_width(0, 0, 0), 0);
  EXPECT_EQ(tile_width(0, 0, 70'000), 256);
  EXPECT_EQ(tile_width(0, 273, 70'000), 112);
  EXPECT_EQ(tile_width(1, 1, 70'000), 17);
  EXPECT_EQ(tile_width(2, 0, 70'000), 1);
  EXPECT_EQ(tile_width(3, 0, 70'000), 0);
  EXPECT_EQ(tile_width(0, 1ULL << 60U, 70'000), 0);
}

TEST(TileTest, ProofsAreThoseOfTheRecursion) {
  const std::vector<Hash> leaves = test_leaves(1'500);
  EXPECT_TRUE(rc::check([&] {
    const std::size_t n = *rc::gen::inRange<std::size_t>(1, leaves.size() + 1);
    const std::size_t m = *rc::gen::inRange<std::size_t>(1, n + 1);
    const std::span<const Hash> all = std::span(leaves).first(n);
    TileTree tree(leaves.size(), test_tiles(leaves));
    RC_ASSERT(tree.root(n) == naive_root(all));
    RC_ASSERT(tree.leaf(m - 1) == leaves[m - 1]);
    RC_ASSERT(tree.inclusion(m - 1, n) == naive_inclusion(m - 1, all));
    RC_ASSERT(tree.consistency(m, n) == naive_subproof(m, all, true));
    RC_ASSERT(tree.consistency(0, n).empty());
  }));
}

TEST(TileTest, AProofReadsAHandfulOfTiles) {
  // Three levels of tiles, with all kinds of remainders.
  const std::vector<Hash> leaves = test_leaves(256 * 256 + 3 * 256 + 7);
  const ReadTile cut = test_tiles(leaves);
  for (const std::size_t at : {0U, 255U, 256U, 40'000U, 65'535U, 65'536U, 66'000U, 66'310U}) {
    TileTree tree(leaves.size(), cut);
    const auto path = tree.inclusion(at, leaves.size());
    EXPECT_LE(tree.reads(), 6U) << at;
    EXPECT_TRUE(verify_inclusion(leaves[at], at, leaves.size(), path, naive_root(leaves)));
  }
}

TEST(TileTest, AMissingTileIsSaidByName) {
  TileTree tree(600, [](const Tile&) { return std::vector<Hash>{}; });
  try {
    static_cast<void>(tree.root(600));
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::kInternal);
    EXPECT_NE(std::string(error.what()).find("0/002.p/88"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace annals::tlog
