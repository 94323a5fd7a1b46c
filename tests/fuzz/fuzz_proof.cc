// Any bytes are a proof that is written as it was read, or none; and whatever somebody does to
// proofs of a tree, they prove nothing but its leaves and what it grew from.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"
#include "base/random.h"
#include "tests/fuzz/splice.h"
#include "tlog/checkpoint.h"
#include "tlog/leaf.h"
#include "tlog/note.h"
#include "tlog/proof.h"
#include "tlog/test_tree.h"
#include "tlog/tile.h"
#include "tlog/tree.h"

namespace base = annals::base;
namespace fuzz = annals::fuzz;
namespace tlog = annals::tlog;

namespace {

constexpr std::size_t kLeaves = 77;

struct Honest {
  std::vector<tlog::Leaf> leaves;
  std::vector<tlog::Hash> hashes;
  std::vector<tlog::Hash> roots;  // of the tree of each size
  std::vector<std::string> proofs;

  Honest() {
    for (std::size_t i = 0; i < kLeaves; ++i) {
      leaves.push_back(tlog::encode_leaf(
          {.contact_tag = {}, .contact_seq = static_cast<std::int64_t>(i), .commitment = {}}));
      hashes.push_back(tlog::leaf_hash(leaves.back()));
    }
    for (std::size_t size = 0; size <= kLeaves; ++size) {
      roots.push_back(tlog::naive_root(std::span(hashes).first(size)));
    }
    const auto key = tlog::SigningKey::make("log", base::SeededRandom(1));
    const std::string text = tlog::format_checkpoint(
        {.origin = "log", .size = kLeaves, .root = roots.back(), .extensions = {}});
    for (std::size_t i = 0; i < kLeaves; ++i) {
      proofs.push_back(tlog::format_proof(
          {.extra = {leaves[i].begin(), leaves[i].end()},
           .index = i,
           .path = tlog::naive_inclusion(i, hashes),
           .checkpoint = tlog::format_note({.text = text, .signatures = {key.sign(text)}})}));
    }
  }
};

// What the checkpoint says is taken from the honest log: notes are fuzz_note's.
void check_inclusion(const Honest& honest, std::string_view text) {
  const auto proof = tlog::parse_proof(text);
  if (!proof) return;
  CHECK(tlog::parse_proof(tlog::format_proof(*proof)) == proof);
  static_cast<void>(tlog::decode_leaf(proof->extra));
  if (tlog::verify_inclusion(tlog::leaf_hash(proof->extra), proof->index, kLeaves, proof->path,
                             honest.roots.back())) {
    CHECK(proof->index < kLeaves);
    CHECK(std::ranges::equal(proof->extra, honest.leaves[proof->index]));
  }
}

void check_consistency(const Honest& honest, fuzz::Input& input) {
  const std::size_t to = 1 + input.number(1) % kLeaves;
  const std::size_t from = input.number(1) % (to + 1);
  std::vector<tlog::Hash> path;
  if (from > 0) path = tlog::naive_subproof(from, std::span(honest.hashes).first(to), true);
  std::string bytes;
  for (const tlog::Hash& hash : path) bytes.append(base::as_text(hash));
  tlog::Hash old_root = honest.roots[from];
  if (input.number(1) % 2 == 0) old_root[input.number(1) % old_root.size()] ^= 1U;
  while (!input.rest.empty()) fuzz::splice(bytes, input);
  std::vector<tlog::Hash> given(std::min<std::size_t>(bytes.size() / sizeof(tlog::Hash), 100));
  for (std::size_t i = 0; i < given.size(); ++i) {
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(i * sizeof(tlog::Hash)),
                sizeof(tlog::Hash), given[i].begin());
  }
  if (tlog::verify_consistency(from, old_root, to, honest.roots[to], given)) {
    CHECK(old_root == honest.roots[from]);
    CHECK(given == path);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Honest honest;
  fuzz::Input input{base::as_text({data, size})};
  switch (input.number(1) % 4) {
    case 0:
      check_inclusion(honest, input.rest);
      break;
    case 1: {
      std::string proof = honest.proofs[input.number(1) % kLeaves];
      while (!input.rest.empty()) fuzz::splice(proof, input);
      check_inclusion(honest, proof);
      break;
    }
    case 2:
      check_consistency(honest, input);
      break;
    default:
      if (const auto tile = tlog::parse_tile_path(input.rest)) {
        CHECK(tlog::tile_path(*tile) == input.rest);
      }
  }
  return 0;
}
