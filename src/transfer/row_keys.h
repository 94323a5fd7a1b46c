// Keys of rows that have no id of their own, the same in every run over the same file: a hash of
// the cells, and of rows that are equal their number.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "transfer/template.h"

namespace annals::transfer {

/// A set of 64-bit hashes that grows: 12 to 24 bytes for each. One thread.
class HashSet {
 public:
  /// Whether it was not there yet. Nothing is added beyond `size_max`.
  bool insert(std::uint64_t hash, std::size_t size_max);
  [[nodiscard]] bool contains(std::uint64_t hash) const;
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  [[nodiscard]] std::size_t place_of(std::uint64_t hash) const;
  void grow();
  std::vector<std::uint64_t> slots_;  // 0: free
  std::size_t size_ = 0;
};

/// One thread, the rows in their order.
class RowKeys {
 public:
  /// Throws kInvalid (`source_id`) after base::limits::kImportUnkeyedRowsMax rows.
  [[nodiscard]] std::string next(Cells cells);

 private:
  HashSet seen_;
  std::unordered_map<std::uint64_t, std::int64_t> repeated_;  // times, of those seen twice or more
};

}  // namespace annals::transfer
