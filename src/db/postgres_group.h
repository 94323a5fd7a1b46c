// What the writes of one commit share on PostgreSQL, so that they need few trips to the server:
// rows that are sent together later, and answers to questions that were asked for all of them at
// once. Private to db/.
#pragma once
#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "db/answers.h"
#include "db/business.h"
#include "db/db.h"
#include "db/postgres_array.h"
#include "db/postgres_connection.h"
#include "db/write_parts.h"

namespace annals::db {

/// By table, with a column of values each. See Pending. What was sent is kept, for who derives from
/// it what would be read again otherwise.
class PostgresPendingRows {
 public:
  /// How many rows of each table waited.
  using Mark = std::vector<std::size_t>;

  void add(const InsertInto& into, std::span<const Param> values);
  [[nodiscard]] Mark mark() const;
  [[nodiscard]] bool grew_since(const Mark& mark) const;
  static void subtract(Mark& mark, const Mark& sent);
  void cut(const Mark& mark);
  void send(PostgresConnection& connection, const Mark& mark);
  /// Of all tables.
  [[nodiscard]] std::size_t waiting() const;
  /// Sends all without waiting for the answers.
  void post(PostgresConnection& connection);

  /// The rows that were sent to `into`, oldest first; none after spoil().
  [[nodiscard]] std::optional<Rows> sent(const InsertInto& into) const;
  /// Says that rows that were sent may be there no more, or be others by now.
  void spoil() { as_sent_ = false; }
  [[nodiscard]] bool as_sent() const { return as_sent_; }

 private:
  struct Table {
    InsertInto into;
    std::vector<BinaryArray> columns;
    std::size_t sent = 0;  // rows

    [[nodiscard]] std::size_t waiting() const { return columns.front().size() - sent; }
  };
  std::vector<Table> tables_;  // in the order of their first rows
  bool as_sent_ = true;
};

using PostgresAnswers = Answers<PostgresAnswer>;

/// What is to be asked, of that which is not known yet.
class Questions final : public Asks {
 public:
  explicit Questions(const PostgresAnswers& known) : known_(known) {}
  void add(const LookUp& what, const Param& key) override;
  [[nodiscard]] std::size_t size() const { return size_; }
  /// Asks for all keys, a query for each LookUp.
  void ask(PostgresConnection& connection, BusinessKey business, PostgresAnswers& answers) const;

 private:
  struct Keys {
    BinaryArray array{0};
    std::vector<std::string> names;
  };
  const PostgresAnswers& known_;
  std::map<const LookUp*, Keys> keys_;
  std::size_t size_ = 0;
};

/// Of one commit.
struct WriteGroup {
  Pending<PostgresPendingRows> pending{};
  PostgresAnswers& answers;
};

}  // namespace annals::db
