// A tree by RFC 6962's own words, for tests: everything by recursion over all leaves.
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "tlog/tile.h"
#include "tlog/tree.h"

namespace annals::tlog {

inline std::vector<Hash> test_leaves(std::size_t n) {
  std::vector<Hash> leaves;
  leaves.reserve(n);
  for (std::size_t i = 0; i < n; ++i) {
    leaves.push_back(leaf_hash(base::as_bytes("leaf " + std::to_string(i))));
  }
  return leaves;
}

// MTH(D[n]) of §2.1.
inline Hash naive_root(std::span<const Hash> leaves) {
  if (leaves.empty()) return empty_root();
  if (leaves.size() == 1) return leaves.front();
  const std::size_t k = std::bit_floor(leaves.size() - 1);
  return node_hash(naive_root(leaves.first(k)), naive_root(leaves.subspan(k)));
}

// PATH(m, D[n]) of §2.1.1.
inline std::vector<Hash> naive_inclusion(std::size_t m, std::span<const Hash> leaves) {
  if (leaves.size() == 1) return {};
  const std::size_t k = std::bit_floor(leaves.size() - 1);
  std::vector<Hash> path =
      m < k ? naive_inclusion(m, leaves.first(k)) : naive_inclusion(m - k, leaves.subspan(k));
  path.push_back(naive_root(m < k ? leaves.subspan(k) : leaves.first(k)));
  return path;
}

// SUBPROOF(m, D[n], b) of §2.1.2.
inline std::vector<Hash> naive_subproof(std::size_t m, std::span<const Hash> leaves, bool b) {
  if (m == leaves.size()) return b ? std::vector<Hash>{} : std::vector<Hash>{naive_root(leaves)};
  const std::size_t k = std::bit_floor(leaves.size() - 1);
  if (m <= k) {
    std::vector<Hash> path = naive_subproof(m, leaves.first(k), b);
    path.push_back(naive_root(leaves.subspan(k)));
    return path;
  }
  std::vector<Hash> path = naive_subproof(m - k, leaves.subspan(k), false);
  path.push_back(naive_root(leaves.first(k)));
  return path;
}

// Tiles that are cut from the leaves when asked for.
inline ReadTile test_tiles(const std::vector<Hash>& leaves) {
  return [&leaves](const Tile& tile) {
    std::vector<Hash> hashes = leaves;
    for (int level = 0; level < tile.level; ++level) {
      std::vector<Hash> above;
      for (std::size_t i = 0; i + kTileWidth <= hashes.size(); i += kTileWidth) {
        above.push_back(naive_root(std::span(hashes).subspan(i, kTileWidth)));
      }
      hashes = std::move(above);
    }
    const auto begin = static_cast<std::ptrdiff_t>(tile.index * kTileWidth);
    return std::vector<Hash>(hashes.begin() + begin, hashes.begin() + begin + tile.width);
  };
}

}  // namespace annals::tlog
