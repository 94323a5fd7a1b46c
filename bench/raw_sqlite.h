// sqlite3 itself, with just enough around it to prepare, bind and check. What is bound must live
// until the next run(). One thread each.
#pragma once
#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace annals::bench {

class Connection {
 public:
  /// Opens an existing file with the settings that src/db/sqlite.cc gives all its connections.
  explicit Connection(const std::string& path);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void script(const std::string& sql);
  [[nodiscard]] std::int64_t integer(const std::string& sql);
  [[nodiscard]] sqlite3* handle() { return handle_; }

 private:
  sqlite3* handle_ = nullptr;
};

class Statement {
 public:
  Statement(Connection& connection, std::string_view sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, std::string_view text);
  Statement& bind(int index, std::span<const std::uint8_t> blob);
  /// NULL for an empty text.
  Statement& bind_maybe(int index, std::string_view text);
  Statement& bind_null(int index);

  /// Runs a statement that gives no rows, and is ready for the next values.
  void run();
  /// True where there is a row. After the last one it is ready for the next values.
  bool step();
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] std::span<const std::uint8_t> blob(int column) const;

 private:
  void check(int code) const;
  sqlite3_stmt* handle_ = nullptr;
};

}  // namespace annals::bench
