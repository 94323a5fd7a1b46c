#include "transfer/row_keys.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/limits.h"
#include "transfer/template.h"

namespace annals::transfer {
namespace {

constexpr std::size_t kSlotsMin = 1'024;
constexpr std::size_t kKeyBytes = 12;

}  // namespace

std::size_t HashSet::place_of(std::uint64_t hash) const {
  std::size_t at = hash & (slots_.size() - 1);
  while (slots_[at] != 0 && slots_[at] != hash) at = (at + 1) & (slots_.size() - 1);
  return at;
}

void HashSet::grow() {
  const std::vector<std::uint64_t> old = std::exchange(
      slots_, std::vector<std::uint64_t>(slots_.empty() ? kSlotsMin : slots_.size() * 2));
  for (const std::uint64_t hash : old) {
    if (hash != 0) slots_[place_of(hash)] = hash;
  }
}

bool HashSet::insert(std::uint64_t hash, std::size_t size_max) {
  if (hash == 0) hash = 1;
  if (contains(hash)) return false;
  if (size_ >= size_max) return true;
  if (3 * size_ >= 2 * slots_.size()) grow();
  slots_[place_of(hash)] = hash;
  ++size_;
  return true;
}

bool HashSet::contains(std::uint64_t hash) const {
  if (hash == 0) hash = 1;
  return !slots_.empty() && slots_[place_of(hash)] == hash;
}

std::string RowKeys::next(Cells cells) {
  if (seen_.size() >= base::limits::kImportUnkeyedRowsMax) {
    throw base::invalid("source_id", "too_many",
                        "must be mapped to a column: without one a file has 10,000,000 rows at "
                        "most");
  }
  std::string text;
  for (const std::string& cell : cells) text += std::to_string(cell.size()) + ":" + cell;
  const base::Digest digest = base::sha256({base::as_bytes(text)});
  std::uint64_t hash = 0;
  std::memcpy(&hash, digest.data(), sizeof hash);
  const std::string key = "row-" + base::base64url(std::span(digest).first(kKeyBytes));
  if (seen_.insert(hash, base::limits::kImportUnkeyedRowsMax)) return key;
  const std::int64_t times = ++repeated_.try_emplace(hash, 1).first->second;
  return key + "/" + std::to_string(times);
}

}  // namespace annals::transfer
