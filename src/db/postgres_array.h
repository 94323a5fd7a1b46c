// An array parameter in PostgreSQL's binary format: dimensions, whether it holds nulls, the type of
// what it holds, its length and lower bound, then each value with its length (array_recv in
// PostgreSQL's arrayfuncs.c). Private to db/.
#pragma once
#include <postgres_ext.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "db/db.h"

namespace annals::db {

class BinaryArray {
 public:
  explicit BinaryArray(Oid type) : type_(type) {}

  void add(const Param& param);
  [[nodiscard]] std::size_t size() const { return ends_.size(); }
  /// `count` values from `first` on, as a parameter.
  [[nodiscard]] std::string encode(std::size_t first, std::size_t count) const;
  void keep_first(std::size_t count);
  /// One value, in PostgreSQL's binary format; none where it is null.
  [[nodiscard]] std::optional<std::string_view> at(std::size_t i) const;

 private:
  void add_bytes(std::string_view bytes);
  [[nodiscard]] std::size_t end_of(std::size_t count) const {
    return count == 0 ? 0 : ends_[count - 1];
  }

  Oid type_;
  std::string values_;
  std::vector<std::size_t> ends_;  // of each value, in `values_`
};

}  // namespace annals::db
