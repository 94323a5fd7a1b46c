// A tree as tiles (C2SP tlog-tiles): level 0 holds the leaves' hashes, 256 a tile, and each hash of
// a level above is the root of a full tile below. From a few tiles follow the root of any size and
// every proof.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tlog/tree.h"

namespace annals::tlog {

inline constexpr int kTileWidth = 256;
inline constexpr int kTileHeight = 8;     // levels of the tree that a tile spans
inline constexpr int kTileLevelsMax = 8;  // enough for 2^64 leaves

struct Tile {
  int level = 0;
  std::uint64_t index = 0;
  int width = kTileWidth;  // 1 to 256
  bool operator==(const Tile&) const = default;
};

/// How many hashes level `level` has for a tree of `size`.
[[nodiscard]] std::uint64_t tile_hashes(int level, std::uint64_t size);
/// The width of the tile for a tree of `size`, which may be 0.
[[nodiscard]] int tile_width(int level, std::uint64_t index, std::uint64_t size);

/// `0/x001/x234/067` or `0/x001/x234/067.p/5`, as it follows `<prefix>/tile/`. Of entry bundles the
/// level is "entries".
[[nodiscard]] std::string tile_path(const Tile& tile);
/// The inverse; nothing where the text is no such path (a level above 63, leading zeroes …).
[[nodiscard]] std::optional<Tile> parse_tile_path(std::string_view path);
/// The same without the level: `x001/x234/067.p/5`.
[[nodiscard]] std::optional<Tile> parse_tile_index(std::string_view path);

/// Gives the hashes of a tile, `tile.width` of them. What it throws goes on; fewer hashes are a bug
/// of what was stored, told as kInternal.
using ReadTile = std::function<std::vector<Hash>(const Tile&)>;

/// Proofs from the tiles of a tree of `size` leaves. Keeps the tiles that it read, each with the
/// nodes inside of it (16 KiB). One thread.
class TileTree {
 public:
  TileTree(std::uint64_t size, ReadTile read) : size_(size), read_(std::move(read)) {}
  [[nodiscard]] std::uint64_t size() const { return size_; }

  /// The root as it was at `size`, at most size().
  [[nodiscard]] Hash root(std::uint64_t size);
  /// The hash of a leaf; `index` is below size().
  [[nodiscard]] Hash leaf(std::uint64_t index);
  /// RFC 6962 §2.1.1, PATH(index, D[size]); `index` is below `size`.
  [[nodiscard]] std::vector<Hash> inclusion(std::uint64_t index, std::uint64_t size);
  /// RFC 6962 §2.1.2, PROOF(from, D[to]); empty where `from` is 0 or `to`.
  [[nodiscard]] std::vector<Hash> consistency(std::uint64_t from, std::uint64_t to);
  /// Tiles read so far.
  [[nodiscard]] std::size_t reads() const { return tiles_.size(); }

 private:
  // The hashes of a tile, then, as far as they were needed, the roots of its complete subtrees of
  // 2, of 4 … of them.
  using Nodes = std::vector<std::vector<Hash>>;
  [[nodiscard]] Nodes& tile(int level, std::uint64_t index);
  [[nodiscard]] Hash subtree(int height, std::uint64_t index);
  [[nodiscard]] Hash range(std::uint64_t begin, std::uint64_t end);

  std::uint64_t size_;
  ReadTile read_;
  std::map<std::pair<int, std::uint64_t>, Nodes> tiles_;
};

}  // namespace annals::tlog
