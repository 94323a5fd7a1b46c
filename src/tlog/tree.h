// RFC 6962 Merkle trees over SHA-256: hashing, growing, and checking proofs of inclusion and of
// consistency. Sizes and indices count leaves; a proof lists hashes from the leaves to the root.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "base/encoding.h"
#include "base/hash.h"

namespace annals::tlog {

using Hash = base::Digest;

/// SHA-256(00 ‖ leaf), RFC 6962 §2.1.
[[nodiscard]] Hash leaf_hash(base::ByteSpan leaf);
/// SHA-256(01 ‖ left ‖ right).
[[nodiscard]] Hash node_hash(const Hash& left, const Hash& right);
/// The root of no leaves: SHA-256 of nothing.
[[nodiscard]] Hash empty_root();
/// The root of a tree that is 2^n leaves wide, from the hashes of one of its levels.
[[nodiscard]] Hash fold(std::vector<Hash> hashes);

/// A tree that only grows: the roots of its complete subtrees, at most 64 hashes. Appending hashes
/// one node a leaf, on average.
class Frontier {
 public:
  void append(const Hash& leaf_hash);
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] Hash root() const;

 private:
  std::uint64_t size_ = 0;
  std::vector<Hash> roots_;  // of subtrees, the largest first
};

/// Whether `path` proves that the leaf of this hash stands at `index` of the tree of `size` leaves
/// with this root (RFC 9162 §2.1.3.2).
[[nodiscard]] bool verify_inclusion(const Hash& leaf_hash, std::uint64_t index, std::uint64_t size,
                                    std::span<const Hash> path, const Hash& root);

/// Whether `path` proves that the tree of `size` leaves grew from the one of `old_size` (RFC 9162
/// §2.1.4.2). Of an empty old tree nothing can be proven.
[[nodiscard]] bool verify_consistency(std::uint64_t old_size, const Hash& old_root,
                                      std::uint64_t size, const Hash& root,
                                      std::span<const Hash> path);

}  // namespace annals::tlog
