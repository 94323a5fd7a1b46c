#include "db/sqlite_connection.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "db/db.h"

namespace annals::db {
namespace {

using base::Code;
using base::Error;

// Statements kept prepared a connection. SQL that is assembled from filters could otherwise grow
// the cache without end.
constexpr std::size_t kStatementsMax = 512;
constexpr int kProgressOperations = 20'000;  // virtual machine steps between looks at the clock

void bind_one(sqlite3_stmt* statement, int index, const Param& param, bool copy) {
  const auto lifetime = copy ? SQLITE_TRANSIENT : SQLITE_STATIC;
  int code = SQLITE_OK;
  if (const auto* number = std::get_if<std::int64_t>(&param.value())) {
    code = sqlite3_bind_int64(statement, index, *number);
  } else if (const auto* text = std::get_if<std::string_view>(&param.value())) {
    // A null pointer would bind NULL, and an empty view may have one.
    const char* data = text->data() == nullptr ? "" : text->data();
    code = sqlite3_bind_text64(statement, index, data, text->size(), lifetime, SQLITE_UTF8);
  } else if (const auto* blob = std::get_if<base::ByteSpan>(&param.value())) {
    code = blob->empty()
               ? sqlite3_bind_zeroblob(statement, index, 0)
               : sqlite3_bind_blob64(statement, index, blob->data(), blob->size(), lifetime);
  } else {
    code = sqlite3_bind_null(statement, index);
  }
  if (code != SQLITE_OK) throw_sqlite(code, "bind");
}

// SQLite counts `$2, $1` by first appearance; PostgreSQL by the number. We bind by the number.
void bind_all(const PreparedStatement& statement, std::span<const Param> params, bool copy) {
  for (std::size_t i = 0; i < statement.numbers.size(); ++i) {
    const auto number = static_cast<std::size_t>(statement.numbers[i]);
    CHECK(number >= 1 && number <= params.size());
    bind_one(statement.handle, static_cast<int>(i) + 1, params[number - 1], copy);
  }
}

std::vector<int> parameter_numbers(sqlite3_stmt* statement) {
  std::vector<int> numbers;
  const int count = sqlite3_bind_parameter_count(statement);
  for (int i = 1; i <= count; ++i) {
    const char* name = sqlite3_bind_parameter_name(statement, i);
    CHECK(name != nullptr && name[0] == '$');
    const std::string_view digits(name + 1);
    int number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    CHECK(number >= 1);
    numbers.push_back(number);
  }
  return numbers;
}

}  // namespace

void configure_sqlite() {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg): as SQLite has it
  static const int configured = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(configured);
}

bool is_disk_failure(int code) {
  switch (code & 0xFF) {
    case SQLITE_IOERR:
    case SQLITE_FULL:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return true;
    default:
      return false;
  }
}

void throw_sqlite(int code, const char* message) {
  switch (code & 0xFF) {
    case SQLITE_CONSTRAINT:
      if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY ||
          code == SQLITE_CONSTRAINT_ROWID) {
        throw base::conflict("", "unique", "This exists already.");
      }
      break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw Error(Code::kUnavailable, "The database is busy; try again.");
    case SQLITE_INTERRUPT:
      throw Error(Code::kUnavailable,
                  "The query took too long; narrow it down, by a date range for example.");
    case SQLITE_FULL:
      throw Error(Code::kStorageFull, "The disk is full: nothing was stored.");
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      throw Error(Code::kUnavailable, "The database cannot be written at the moment.");
    case SQLITE_IOERR:
      throw Error(Code::kUnknownOutcome,
                  "The disk failed: it is not known whether this was stored. Try again with the "
                  "same source and source_id.");
    default:
      break;
  }
  throw Error(Code::kInternal, std::string("SQLite ") + sqlite3_errstr(code) + ": " + message);
}

class SqliteCursor final : public Cursor {
 public:
  explicit SqliteCursor(PreparedStatement* statement) : statement_(statement) {}
  ~SqliteCursor() override { SqliteConnection::give_back(statement_); }
  SqliteCursor(const SqliteCursor&) = delete;
  SqliteCursor& operator=(const SqliteCursor&) = delete;

  [[nodiscard]] bool next() override {
    const int code = sqlite3_step(statement_->handle);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    sqlite3* connection = sqlite3_db_handle(statement_->handle);
    throw_sqlite(sqlite3_extended_errcode(connection), sqlite3_errmsg(connection));
  }
  [[nodiscard]] bool is_null(int column) const override {
    return sqlite3_column_type(statement_->handle, column) == SQLITE_NULL;
  }
  [[nodiscard]] std::int64_t integer(int column) const override {
    return sqlite3_column_int64(statement_->handle, column);
  }
  [[nodiscard]] std::string_view text(int column) const override {
    return base::as_text(blob(column));
  }
  [[nodiscard]] base::ByteSpan blob(int column) const override {
    const void* data = sqlite3_column_blob(statement_->handle, column);
    const int size = sqlite3_column_bytes(statement_->handle, column);
    return {static_cast<const std::uint8_t*>(data), static_cast<std::size_t>(size)};
  }

 private:
  PreparedStatement* statement_;
};

SqliteConnection::SqliteConnection(const std::string& path, int flags, const char* vfs) {
  configure_sqlite();
  const int code = sqlite3_open_v2(path.c_str(), &handle_, flags | SQLITE_OPEN_NOMUTEX, vfs);
  if (code != SQLITE_OK) {
    const std::string message = sqlite3_errstr(code);
    sqlite3_close_v2(handle_);
    throw base::invalid("data", "database", path + " cannot be opened: " + message + ".");
  }
  sqlite3_extended_result_codes(handle_, 1);
}

SqliteConnection::~SqliteConnection() {
  for (auto& [sql, list] : statements_) {
    for (auto& statement : list) sqlite3_finalize(statement->handle);
  }
  sqlite3_close_v2(handle_);
}

PreparedStatement* SqliteConnection::take(std::string_view sql) {
  auto it = statements_.find(sql);
  if (it == statements_.end()) {
    if (statements_.size() >= kStatementsMax) {
      std::erase_if(statements_, [](auto& item) {
        auto& list = item.second;
        if (std::any_of(list.begin(), list.end(), [](const auto& s) { return s->in_use; })) {
          return false;
        }
        for (auto& statement : list) sqlite3_finalize(statement->handle);
        return true;
      });
    }
    it = statements_.try_emplace(std::string(sql)).first;
  }
  for (auto& statement : it->second) {
    if (!statement->in_use) {
      statement->in_use = true;
      return statement.get();
    }
  }
  auto made = std::make_unique<PreparedStatement>();
  const int code = sqlite3_prepare_v3(handle_, it->first.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &made->handle, nullptr);
  if (code != SQLITE_OK) throw_sqlite(code, sqlite3_errmsg(handle_));
  made->numbers = parameter_numbers(made->handle);
  made->in_use = true;
  it->second.push_back(std::move(made));
  return it->second.back().get();
}

void SqliteConnection::give_back(PreparedStatement* statement) {
  sqlite3_reset(statement->handle);
  sqlite3_clear_bindings(statement->handle);
  statement->in_use = false;
}

Rows SqliteConnection::query(std::string_view sql, std::span<const Param> params) {
  PreparedStatement* statement = take(sql);
  auto cursor = std::make_unique<SqliteCursor>(statement);  // gives back also where bind throws
  bind_all(*statement, params, true);
  return Rows(std::move(cursor));
}

std::vector<std::vector<SqliteValue>> SqliteConnection::fetch(std::string_view sql,
                                                              std::span<const Param> params) {
  PreparedStatement* statement = take(sql);
  SqliteCursor cursor(statement);
  bind_all(*statement, params, false);
  std::vector<std::vector<SqliteValue>> rows;
  while (cursor.next()) {
    std::vector<SqliteValue>& row = rows.emplace_back();
    for (int i = 0; i < sqlite3_column_count(statement->handle); ++i) {
      row.push_back({cursor.is_null(i), cursor.integer(i), cursor.string(i)});
    }
  }
  return rows;
}

std::int64_t SqliteConnection::execute(std::string_view sql, std::span<const Param> params) {
  PreparedStatement* statement = take(sql);
  const SqliteCursor holder(statement);
  bind_all(*statement, params, false);
  int code = SQLITE_ROW;
  while (code == SQLITE_ROW) code = sqlite3_step(statement->handle);
  if (code != SQLITE_DONE) throw_sqlite(sqlite3_extended_errcode(handle_), sqlite3_errmsg(handle_));
  return sqlite3_changes64(handle_);
}

void SqliteConnection::insert(const InsertInto& into, std::span<const Param> values) {
  const std::size_t columns = into.types.size();
  CHECK(columns > 0 && values.size() % columns == 0);
  if (values.empty()) return;
  std::string& sql = inserts_[into.table.data()];
  if (sql.empty()) {
    sql = "INSERT INTO " + std::string(into.table) + " VALUES (";
    for (std::size_t i = 1; i <= columns; ++i) {
      sql += (i == 1 ? "$" : ", $") + std::to_string(i);
    }
    sql += ") ";
    sql += into.conflict;
  }
  for (; !values.empty(); values = values.subspan(columns)) execute(sql, values.first(columns));
}

void SqliteConnection::script(const std::string& sql) {
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) throw_sqlite(code, sqlite3_errmsg(handle_));
}

std::int64_t SqliteConnection::integer(std::string_view sql) {
  Rows rows = query(sql, {});
  return rows.next() ? rows->integer(0) : 0;
}

void SqliteConnection::set_deadline(const base::Clock* clock, base::Micros deadline) {
  deadline_clock_ = clock;
  deadline_ = deadline;
  if (deadline == 0) {
    sqlite3_progress_handler(handle_, 0, nullptr, nullptr);
    return;
  }
  sqlite3_progress_handler(
      handle_, kProgressOperations,
      [](void* self) {
        const auto* connection = static_cast<const SqliteConnection*>(self);
        return connection->deadline_clock_->steady() > connection->deadline_ ? 1 : 0;
      },
      this);
}

}  // namespace annals::db
