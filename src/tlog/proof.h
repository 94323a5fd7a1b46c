// Proofs of inclusion that stand for themselves (C2SP tlog-proof): an index, the path, and the
// signed checkpoint that it leads to.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"
#include "tlog/tree.h"

namespace annals::tlog {

struct Proof {
  base::Bytes extra;  // ours: the leaf, which whoever checks must not trust but hash
  std::uint64_t index = 0;
  std::vector<Hash> path;
  std::string checkpoint;  // a signed note
  bool operator==(const Proof&) const = default;
};

[[nodiscard]] std::string format_proof(const Proof& proof);
/// Nothing where the text is none. Says nothing about what it proves.
[[nodiscard]] std::optional<Proof> parse_proof(std::string_view text);

}  // namespace annals::tlog
