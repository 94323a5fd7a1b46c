#include "tlog/tree.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"
#include "base/json.h"
#include "tlog/test_tree.h"

namespace annals::tlog {
namespace {

// The leaves and roots that Certificate Transparency's implementations share as test vectors.
constexpr std::array<std::string_view, 8> kLeaves = {"",
                                                     "00",
                                                     "10",
                                                     "2021",
                                                     "3031",
                                                     "40414243",
                                                     "5051525354555657",
                                                     "606162636465666768696a6b6c6d6e6f"};
constexpr std::array<std::string_view, 9> kRoots = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

TEST(TreeTest, GrowsAsTheKnownOnes) {
  Frontier tree;
  EXPECT_EQ(base::hex(tree.root()), kRoots.front());
  for (std::size_t i = 0; i < kLeaves.size(); ++i) {
    tree.append(leaf_hash(*base::from_hex(kLeaves.at(i))));
    EXPECT_EQ(tree.size(), i + 1);
    EXPECT_EQ(base::hex(tree.root()), kRoots.at(i + 1));
  }
}

TEST(TreeTest, AFrontierIsTheRootOfAllLeaves) {
  EXPECT_TRUE(rc::check([] {
    const std::vector<Hash> leaves = test_leaves(*rc::gen::inRange<std::size_t>(0, 700));
    Frontier tree;
    for (const Hash& leaf : leaves) tree.append(leaf);
    RC_ASSERT(tree.root() == naive_root(leaves));
  }));
}

// One bit of one hash, or a hash too few, too many or in another's place.
std::vector<Hash> mutate(std::vector<Hash> path) {
  const int what = *rc::gen::inRange(0, path.empty() ? 1 : 4);
  if (what == 0) {
    path.insert(path.begin() + *rc::gen::inRange<std::ptrdiff_t>(
                                   0, static_cast<std::ptrdiff_t>(path.size()) + 1),
                empty_root());
    return path;
  }
  const std::size_t at = *rc::gen::inRange<std::size_t>(0, path.size());
  if (what == 1) {
    path.erase(path.begin() + static_cast<std::ptrdiff_t>(at));
  } else if (what == 2) {
    path[at].at(*rc::gen::inRange<std::size_t>(0, 32)) ^=
        static_cast<std::uint8_t>(1U << *rc::gen::inRange(0U, 8U));
  } else {
    std::swap(path[at], path.back());
  }
  return path;
}

TEST(TreeTest, AnInclusionProofHoldsAndNoMutatedOneDoes) {
  EXPECT_TRUE(rc::check([] {
    const std::vector<Hash> leaves = test_leaves(*rc::gen::inRange<std::size_t>(1, 300));
    const std::size_t at = *rc::gen::inRange<std::size_t>(0, leaves.size());
    const Hash root = naive_root(leaves);
    const std::vector<Hash> path = naive_inclusion(at, leaves);
    RC_ASSERT(verify_inclusion(leaves[at], at, leaves.size(), path, root));
    const std::vector<Hash> other = mutate(path);
    if (other != path) {
      RC_ASSERT(!verify_inclusion(leaves[at], at, leaves.size(), other, root));
    }
    const std::size_t elsewhere = *rc::gen::inRange<std::size_t>(0, leaves.size() + 2);
    if (elsewhere != at) {
      RC_ASSERT(!verify_inclusion(leaves[at], elsewhere, leaves.size(), path, root));
    }
    RC_ASSERT(!verify_inclusion(empty_root(), at, leaves.size(), path, root));
    RC_ASSERT(!verify_inclusion(leaves[at], at, leaves.size(), path, empty_root()));
  }));
}

TEST(TreeTest, AConsistencyProofHoldsAndNoMutatedOneDoes) {
  EXPECT_TRUE(rc::check([] {
    const std::vector<Hash> leaves = test_leaves(*rc::gen::inRange<std::size_t>(1, 300));
    const std::size_t n = leaves.size();
    const std::size_t m = *rc::gen::inRange<std::size_t>(1, n + 1);
    const Hash old_root = naive_root(std::span(leaves).first(m));
    const Hash root = naive_root(leaves);
    const std::vector<Hash> path = naive_subproof(m, leaves, true);
    RC_ASSERT(verify_consistency(m, old_root, n, root, path));
    const std::vector<Hash> other = mutate(path);
    if (other != path) {
      RC_ASSERT(!verify_consistency(m, old_root, n, root, other));
    }
    RC_ASSERT(!verify_consistency(m, empty_root(), n, root, path));
    RC_ASSERT(!verify_consistency(m, old_root, n, empty_root(), path));
    RC_ASSERT(!verify_consistency(0, empty_root(), n, root, path));
    if (m < n) {
      RC_ASSERT(!verify_consistency(n, root, m, old_root, path));
    }
  }));
}

// ---------------------------------------------------------------------------- vectors from outside

// The cases of a file of ../shared/data/rfc6962; empty where that folder is not beside this tree.
std::vector<base::Json> vectors(const std::string& name) {
  const std::string path = std::string(ANNALS_SHARED_DATA) + "/rfc6962/" + name;
  if (!std::filesystem::exists(path)) return {};
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return base::parse_json(text).items();
}

std::uint64_t number(const base::Json& of, std::string_view key) {
  const std::string& text = of.find(key)->text();
  std::uint64_t value = 0;
  EXPECT_EQ(std::from_chars(text.data(), text.data() + text.size(), value).ptr,
            text.data() + text.size());
  return value;
}

// Nothing where it is no hash, which no verifier takes.
std::optional<Hash> to_hash(const base::Json& json) {
  const auto bytes = base::from_base64(json.text());
  Hash hash{};
  if (!bytes || bytes->size() != hash.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), hash.begin());
  return hash;
}

Hash to_root(const base::Json& json) {
  return to_hash(json).value_or(leaf_hash(base::as_bytes(json.text())));
}

std::optional<std::vector<Hash>> to_path(const base::Json& json) {
  std::vector<Hash> path;
  for (const base::Json& item : json.items()) {
    const auto hash = to_hash(item);
    if (!hash) return std::nullopt;
    path.push_back(*hash);
  }
  return path;
}

TEST(TreeTest, AgreesWithAllInclusionVectors) {
  const auto cases = vectors("inclusion.json");
  if (cases.empty()) GTEST_SKIP() << "../shared/data/rfc6962 is not there";
  for (const base::Json& one : cases) {
    const auto root = to_hash(*one.find("root"));
    const auto leaf = to_hash(*one.find("leafHash"));
    const auto path = to_path(*one.find("proof"));
    const bool holds =
        root && leaf && path &&
        verify_inclusion(*leaf, number(one, "leafIdx"), number(one, "treeSize"), *path, *root);
    EXPECT_EQ(holds, !one.find("wantErr")->as_bool()) << one.find("case")->text();
  }
}

TEST(TreeTest, AgreesWithAllConsistencyVectors) {
  const auto cases = vectors("consistency.json");
  if (cases.empty()) GTEST_SKIP() << "../shared/data/rfc6962 is not there";
  for (const base::Json& one : cases) {
    // Some roots stand for any hash, and are of no hash's length.
    const Hash old_root = to_root(*one.find("root1"));
    const Hash root = to_root(*one.find("root2"));
    const auto path = to_path(*one.find("proof"));
    const bool holds = path && verify_consistency(number(one, "size1"), old_root,
                                                  number(one, "size2"), root, *path);
    EXPECT_EQ(holds, !one.find("wantErr")->as_bool()) << one.find("case")->text();
  }
}

}  // namespace
}  // namespace annals::tlog
