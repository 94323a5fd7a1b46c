#include "tlog/tree.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"
#include "base/hash.h"

namespace annals::tlog {
namespace {

// Prefixes that tell leaves from nodes, so that neither can be taken for the other.
constexpr std::array<std::uint8_t, 1> kLeafPrefix{0};
constexpr std::array<std::uint8_t, 1> kNodePrefix{1};

}  // namespace

Hash leaf_hash(base::ByteSpan leaf) { return base::sha256({kLeafPrefix, leaf}); }

Hash node_hash(const Hash& left, const Hash& right) {
  return base::sha256({kNodePrefix, left, right});
}

Hash empty_root() { return base::sha256({}); }

Hash fold(std::vector<Hash> hashes) {
  CHECK(std::has_single_bit(hashes.size()));
  for (std::size_t width = hashes.size() / 2; width > 0; width /= 2) {
    for (std::size_t i = 0; i < width; ++i) {
      hashes[i] = node_hash(hashes[2 * i], hashes[2 * i + 1]);
    }
  }
  return hashes.front();
}

void Frontier::append(const Hash& leaf_hash) {
  Hash hash = leaf_hash;
  // Each trailing one of the size is a complete subtree that the new one completes to a larger.
  for (std::uint64_t rest = size_; (rest & 1U) != 0; rest >>= 1U) {
    hash = node_hash(roots_.back(), hash);
    roots_.pop_back();
  }
  roots_.push_back(hash);
  ++size_;
}

Hash Frontier::root() const {
  if (roots_.empty()) return empty_root();
  Hash hash = roots_.back();
  for (std::size_t i = roots_.size() - 1; i > 0; --i) hash = node_hash(roots_[i - 1], hash);
  return hash;
}

bool verify_inclusion(const Hash& leaf_hash, std::uint64_t index, std::uint64_t size,
                      std::span<const Hash> path, const Hash& root) {
  if (index >= size) return false;
  std::uint64_t at = index;
  std::uint64_t last = size - 1;
  Hash hash = leaf_hash;
  for (const Hash& sibling : path) {
    if (last == 0) return false;
    if ((at & 1U) != 0 || at == last) {
      hash = node_hash(sibling, hash);
      // The last node of a level that has no sibling rises as it is.
      while ((at & 1U) == 0 && at != 0) {
        at >>= 1U;
        last >>= 1U;
      }
    } else {
      hash = node_hash(hash, sibling);
    }
    at >>= 1U;
    last >>= 1U;
  }
  return last == 0 && hash == root;
}

bool verify_consistency(std::uint64_t old_size, const Hash& old_root, std::uint64_t size,
                        const Hash& root, std::span<const Hash> path) {
  if (old_size == 0 || old_size > size) return false;
  if (old_size == size) return path.empty() && old_root == root;
  std::uint64_t at = old_size - 1;
  std::uint64_t last = size - 1;
  for (; (at & 1U) != 0; at >>= 1U) last >>= 1U;
  // An old tree that is one complete subtree begins with itself.
  const bool complete = std::has_single_bit(old_size);
  if (!complete && path.empty()) return false;
  Hash old_hash = complete ? old_root : path.front();
  Hash hash = old_hash;
  for (const Hash& sibling : complete ? path : path.subspan(1)) {
    if (last == 0) return false;
    if ((at & 1U) != 0 || at == last) {
      old_hash = node_hash(sibling, old_hash);
      hash = node_hash(sibling, hash);
      while ((at & 1U) == 0 && at != 0) {
        at >>= 1U;
        last >>= 1U;
      }
    } else {
      hash = node_hash(hash, sibling);
    }
    at >>= 1U;
    last >>= 1U;
  }
  return last == 0 && old_hash == old_root && hash == root;
}

}  // namespace annals::tlog
