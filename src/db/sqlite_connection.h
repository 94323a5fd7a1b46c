// One connection to SQLite with its prepared statements. Private to db/.
#pragma once
#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "db/db.h"

namespace annals::db {

/// Has SQLite keep no statistics of its memory, for which all threads would wait in one line. To be
/// called before SQLite is used; after that it does nothing.
void configure_sqlite();

/// Throws what an SQLite result code means (see the table in the .cc).
[[noreturn]] void throw_sqlite(int code, const char* message);

/// Whether the code tells that the disk failed, and not the statement.
[[nodiscard]] bool is_disk_failure(int code);

struct PreparedStatement {
  sqlite3_stmt* handle = nullptr;
  std::vector<int> numbers;  // numbers[i] = N of the parameter `$N` that SQLite counts as i + 1
  bool in_use = false;
};

/// A column's value that outlives its statement.
struct SqliteValue {
  bool is_null = false;
  std::int64_t integer = 0;
  std::string bytes{};  // as text or blob
};

class SqliteConnection {
 public:
  /// `flags` and `vfs` (nullptr: the default one) as for sqlite3_open_v2.
  SqliteConnection(const std::string& path, int flags, const char* vfs = nullptr);
  ~SqliteConnection();
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  [[nodiscard]] Rows query(std::string_view sql, std::span<const Param> params);
  /// The same, all at once.
  [[nodiscard]] std::vector<std::vector<SqliteValue>> fetch(std::string_view sql,
                                                            std::span<const Param> params);
  std::int64_t execute(std::string_view sql, std::span<const Param> params);
  std::int64_t execute(std::string_view sql) { return execute(sql, {}); }
  /// See Tx::insert().
  void insert(const InsertInto& into, std::span<const Param> values);
  /// Several statements without parameters.
  void script(const std::string& sql);
  /// The first column of the first row, 0 where there is none.
  [[nodiscard]] std::int64_t integer(std::string_view sql);

  /// Interrupts statements once `clock` is past `deadline` (µs, steady); 0 ends that.
  void set_deadline(const base::Clock* clock, base::Micros deadline);
  [[nodiscard]] bool in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }
  [[nodiscard]] sqlite3* handle() { return handle_; }

 private:
  friend class SqliteCursor;
  PreparedStatement* take(std::string_view sql);
  static void give_back(PreparedStatement* statement);

  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  sqlite3* handle_ = nullptr;
  std::unordered_map<std::string, std::vector<std::unique_ptr<PreparedStatement>>, TextHash,
                     std::equal_to<>>
      statements_;
  std::unordered_map<const char*, std::string> inserts_;  // SQL, by InsertInto::table
  const base::Clock* deadline_clock_ = nullptr;
  base::Micros deadline_ = 0;
};

}  // namespace annals::db
