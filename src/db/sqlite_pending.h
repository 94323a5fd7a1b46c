// Rows that were appended and that SQLite does not have yet. Private to db/.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "db/db.h"

namespace annals::db {

class SqliteConnection;

/// In the order they came, with their values. See Pending.
class SqlitePendingRows {
 public:
  using Mark = std::size_t;  // rows

  void add(const InsertInto& into, std::span<const Param> values);
  [[nodiscard]] Mark mark() const { return rows_.size(); }
  [[nodiscard]] bool grew_since(Mark mark) const { return rows_.size() > mark; }
  static void subtract(Mark& mark, Mark sent) { mark -= std::min(mark, sent); }
  void cut(Mark mark);
  void send(SqliteConnection& connection, Mark mark);

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
