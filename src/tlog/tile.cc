#include "tlog/tile.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "tlog/decimal.h"
#include "tlog/tree.h"

namespace annals::tlog {
namespace {

constexpr int kLevelMax = 63;  // that a path may name
constexpr std::size_t kElementDigits = 3;
constexpr std::uint64_t kElementBase = 1'000;
// x18/x446/… : what a 64-bit index needs at most.
constexpr std::size_t kElementsMax = 7;

// The largest power of two below `n`, which is above 1 (RFC 6962 §2.1).
std::uint64_t split(std::uint64_t n) { return std::bit_floor(n - 1); }

// A decimal number within these bounds.
std::optional<int> parse_number(std::string_view text, int min, int max) {
  const auto value = parse_decimal(text);
  if (!value || *value > static_cast<std::uint64_t>(max)) return std::nullopt;
  const auto number = static_cast<int>(*value);
  return number < min ? std::nullopt : std::optional(number);
}

std::optional<std::uint64_t> parse_element(std::string_view element) {
  if (element.size() != kElementDigits) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : element) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

// x001/x234/067: all elements but the last begin with an x, and the first is not all zeroes unless
// it is the last.
std::optional<std::uint64_t> parse_elements(std::string_view text) {
  std::uint64_t index = 0;
  for (std::size_t n = 0; n < kElementsMax; ++n) {
    const std::size_t slash = text.find('/');
    std::string_view element = text.substr(0, slash);
    const bool last = slash == std::string_view::npos;
    if (!last) {
      if (!element.starts_with('x')) return std::nullopt;
      element.remove_prefix(1);
    }
    const auto value = parse_element(element);
    if (!value || (n == 0 && !last && *value == 0)) return std::nullopt;
    if (index > (UINT64_MAX - *value) / kElementBase) return std::nullopt;
    index = index * kElementBase + *value;
    if (last) return index;
    text.remove_prefix(slash + 1);
  }
  return std::nullopt;
}

}  // namespace

std::uint64_t tile_hashes(int level, std::uint64_t size) {
  return level >= kTileLevelsMax ? 0 : size >> static_cast<unsigned>(kTileHeight * level);
}

int tile_width(int level, std::uint64_t index, std::uint64_t size) {
  const std::uint64_t hashes = tile_hashes(level, size);
  if (index >= hashes / kTileWidth + 1) return 0;
  return static_cast<int>(std::min<std::uint64_t>(hashes - index * kTileWidth, kTileWidth));
}

std::string tile_path(const Tile& tile) {
  std::string elements;
  std::uint64_t rest = tile.index;
  do {
    std::string digits = std::to_string(rest % kElementBase);
    digits.insert(0, kElementDigits - digits.size(), '0');
    elements.insert(0, elements.empty() ? digits : "x" + digits + "/");
    rest /= kElementBase;
  } while (rest > 0);
  std::string path = std::to_string(tile.level) + "/" + elements;
  if (tile.width < kTileWidth) path += ".p/" + std::to_string(tile.width);
  return path;
}

std::optional<Tile> parse_tile_index(std::string_view path) {
  Tile tile;
  if (const std::size_t mark = path.find(".p/"); mark != std::string_view::npos) {
    const auto width = parse_number(path.substr(mark + 3), 1, kTileWidth - 1);
    if (!width) return std::nullopt;
    tile.width = *width;
    path = path.substr(0, mark);
  }
  const auto index = parse_elements(path);
  if (!index) return std::nullopt;
  tile.index = *index;
  return tile;
}

std::optional<Tile> parse_tile_path(std::string_view path) {
  const std::size_t slash = path.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto level = parse_number(path.substr(0, slash), 0, kLevelMax);
  auto tile = parse_tile_index(path.substr(slash + 1));
  if (!level || !tile) return std::nullopt;
  tile->level = *level;
  return tile;
}

TileTree::Nodes& TileTree::tile(int level, std::uint64_t index) {
  const auto known = tiles_.find({level, index});
  if (known != tiles_.end()) return known->second;
  const Tile wanted{.level = level, .index = index, .width = tile_width(level, index, size_)};
  std::vector<Hash> hashes = read_(wanted);
  if (hashes.size() != static_cast<std::size_t>(wanted.width)) {
    throw base::Error(base::Code::kInternal, "The tree lacks hashes of tile " + tile_path(wanted) +
                                                 "; `annals rebuild` makes them anew.");
  }
  return tiles_.emplace(std::pair(level, index), Nodes{std::move(hashes)}).first->second;
}

// The root of the `index`-th complete subtree of 2^height leaves.
Hash TileTree::subtree(int height, std::uint64_t index) {
  const int level = height / kTileHeight;
  const auto within = static_cast<unsigned>(height % kTileHeight);
  const std::uint64_t first = index << within;
  Nodes& nodes = tile(level, first / kTileWidth);
  while (nodes.size() <= within) {
    const std::vector<Hash>& below = nodes.back();
    std::vector<Hash> above;
    above.reserve(below.size() / 2);
    for (std::size_t i = 0; i + 1 < below.size(); i += 2) {
      above.push_back(node_hash(below[i], below[i + 1]));
    }
    nodes.push_back(std::move(above));
  }
  return nodes[within][(first % kTileWidth) >> within];
}

// MTH(D[begin:end]), for ranges as RFC 6962 cuts them: `begin` is a multiple of the largest power
// of two that they hold.
Hash TileTree::range(std::uint64_t begin, std::uint64_t end) {
  const std::uint64_t n = end - begin;
  if (std::has_single_bit(n)) {
    const int height = std::countr_zero(n);
    return subtree(height, begin >> static_cast<unsigned>(height));
  }
  const std::uint64_t k = split(n);
  return node_hash(range(begin, begin + k), range(begin + k, end));
}

Hash TileTree::root(std::uint64_t size) {
  CHECK(size <= size_);
  return size == 0 ? empty_root() : range(0, size);
}

Hash TileTree::leaf(std::uint64_t index) {
  CHECK(index < size_);
  return subtree(0, index);
}

std::vector<Hash> TileTree::inclusion(std::uint64_t index, std::uint64_t size) {
  CHECK(index < size && size <= size_);
  std::vector<Hash> path;
  std::uint64_t begin = 0;
  std::uint64_t end = size;
  while (end - begin > 1) {
    const std::uint64_t middle = begin + split(end - begin);
    if (index < middle) {
      path.push_back(range(middle, end));
      end = middle;
    } else {
      path.push_back(range(begin, middle));
      begin = middle;
    }
  }
  std::reverse(path.begin(), path.end());
  return path;
}

std::vector<Hash> TileTree::consistency(std::uint64_t from, std::uint64_t to) {
  CHECK(from <= to && to <= size_);
  std::vector<Hash> path;
  if (from == 0 || from == to) return path;
  std::uint64_t begin = 0;
  std::uint64_t end = to;
  bool whole = true;  // the old tree begins where this subtree does, so that its root is known
  while (end > from) {
    const std::uint64_t middle = begin + split(end - begin);
    if (from <= middle) {
      path.push_back(range(middle, end));
      end = middle;
    } else {
      path.push_back(range(begin, middle));
      begin = middle;
      whole = false;
    }
  }
  if (!whole) path.push_back(range(begin, end));
  std::reverse(path.begin(), path.end());
  return path;
}

}  // namespace annals::tlog
