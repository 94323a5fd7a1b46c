// Rows that a write appended and that SQLite does not have yet. Private to db/.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "db/db.h"

namespace annals::db {

class SqliteConnection;

/// In the order they came. Owns its values.
class SqlitePendingRows {
 public:
  /// See Tx::append().
  void add(const InsertInto& into, std::span<const Param> values);
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  /// Forgets what came after the first `count`.
  void keep_first(std::size_t count);
  /// Inserts the first `count` and forgets them.
  void send(SqliteConnection& connection, std::size_t count);

 private:
  enum class Kind : std::uint8_t { kNull, kInteger, kText, kBytes };
  struct Value {
    Kind kind = Kind::kNull;
    std::int64_t number = 0;
    std::size_t begin = 0;  // of its bytes in bytes_
    std::size_t size = 0;
  };
  struct Row {
    const InsertInto* into;
    std::size_t values;  // where they begin in values_
    std::size_t bytes;   // where its bytes begin in bytes_
  };
  [[nodiscard]] Param param(const Value& value) const;

  std::vector<Row> rows_;
  std::vector<Value> values_;
  std::string bytes_;
};

}  // namespace annals::db
