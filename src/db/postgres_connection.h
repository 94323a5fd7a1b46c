// One connection to PostgreSQL with its prepared statements. Private to db/.
#pragma once
#include <libpq-fe.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "db/db.h"
#include "db/postgres_array.h"

namespace annals::db {

/// The server or the way to it is gone. What was sent before may have been done. `said` is what the
/// server gave for a reason why it takes no connection at the moment, if it did.
class ConnectionLost : public base::Error {
 public:
  explicit ConnectionLost(std::string said = {});
  [[nodiscard]] const std::string& said() const { return said_; }
  /// Whether the server said that it ended the session before it came to what was posted last.
  [[nodiscard]] bool before_last() const { return before_last_; }
  void set_before_last() { before_last_ = true; }

 private:
  std::string said_;
  bool before_last_ = false;
};

/// The server ended the transaction for the sake of another one; it may be tried again.
class TransactionLost : public base::Error {
 public:
  TransactionLost();
};

/// What is needed is locked, and was not let go of within limits of the session.
class LockNotHad : public base::Error {
 public:
  LockNotHad();
};

/// Rows of a result that others may hold too.
struct PostgresAnswer {
  std::shared_ptr<PGresult> result;
  std::vector<int> numbers;  // of its rows

  [[nodiscard]] Rows rows() const;
};

/// One array a column of `into`, still empty.
[[nodiscard]] std::vector<BinaryArray> columns_of(const InsertInto& into);

class PostgresConnection {
 public:
  /// `url` as libpq reads it (https://www.postgresql.org/docs/15/libpq-connect.html), `options` are
  /// settings of the session. Throws ConnectionLost where there is no server within `deadline_ms`
  /// or it has no room, kInvalid (field `database`) where the server turns us away.
  PostgresConnection(const std::string& url, const std::string& options, std::int64_t deadline_ms);
  ~PostgresConnection();
  PostgresConnection(const PostgresConnection&) = delete;
  PostgresConnection& operator=(const PostgresConnection&) = delete;

  /// All rows are fetched before it returns.
  [[nodiscard]] Rows query(std::string_view sql, std::span<const Param> params);
  std::int64_t execute(std::string_view sql, std::span<const Param> params);
  std::int64_t execute(std::string_view sql) { return execute(sql, {}); }
  /// See Tx::insert(); here also w, for the words of a word index (db/full_text.h).
  void insert(const InsertInto& into, std::span<const Param> values);
  /// `count` rows from `first` on.
  void insert(const InsertInto& into, const std::vector<BinaryArray>& columns, std::size_t first,
              std::size_t count);

  /// insert() and execute() without waiting for the answer, so that the server works meanwhile
  /// (https://www.postgresql.org/docs/15/libpq-pipeline-mode.html). What fails is thrown by
  /// whatever waits next; nothing that was sent after it is done.
  void post(const InsertInto& into, std::span<const Param> values);
  void post(const InsertInto& into, const std::vector<BinaryArray>& columns, std::size_t first,
            std::size_t count);
  void post(std::string_view sql, std::span<const Param> params) {
    static_cast<void>(post_ask(sql, params));
  }
  /// As ask(), or all rows that `sql` (a LookUp's `many`) gives, of which `numbers` are left empty.
  /// The answer is
  /// there once something waited.
  std::shared_ptr<PostgresAnswer> post_ask(std::string_view sql, std::span<const Param> params);
  std::shared_ptr<PostgresAnswer> post_ask_many(std::string_view sql, BusinessKey business,
                                                const BinaryArray& keys);
  /// Has the server begin with what was posted. Small statements wait otherwise, until there are
  /// enough of them: each time that it runs out of work it has to be woken.
  void push();
  /// Waits for the answers to all that was posted.
  void settle();

  /// As query().
  [[nodiscard]] PostgresAnswer ask(std::string_view sql, std::span<const Param> params);
  /// Several statements without parameters, in one trip (two where anything was posted).
  void script(const std::string& sql);
  /// Ends the transaction, in one trip with all that was posted. Throws where it is rolled back in
  /// place of committed.
  void commit();
  /// Ends the transaction, whatever failed in it.
  void roll_back();
  /// The first column of the first row; empty where there is none.
  [[nodiscard]] std::string text(std::string_view sql);
  [[nodiscard]] std::int64_t integer(std::string_view sql);

  /// Statements that begin once `clock` is past `deadline` (µs, steady) are refused; 0 ends that.
  void set_deadline(const base::Clock* clock, base::Micros deadline);
  /// How long each statement's answer is waited for, beyond which the connection counts as lost:
  /// the server's own time limit says nothing where the server is stuck. 0: for ever, as at first.
  void set_patience(std::int64_t wait_ms) { patience_ms_ = wait_ms; }
  [[nodiscard]] bool gave_up() const { return gave_up_; }
  [[nodiscard]] bool broken() const { return gave_up_ || PQstatus(handle_) != CONNECTION_OK; }
  [[nodiscard]] bool in_failed_transaction() const {
    return PQtransactionStatus(handle_) == PQTRANS_INERROR;
  }
  [[nodiscard]] bool in_transaction() const { return PQtransactionStatus(handle_) != PQTRANS_IDLE; }
  [[nodiscard]] PGconn* handle() { return handle_; }

 private:
  PGresult* run(std::string_view sql, std::span<const Param> params);
  int send(const std::string& name, std::span<const Param> params);
  int send(const std::string& name, const std::vector<BinaryArray>& columns, std::size_t first,
           std::size_t count);
  const std::string& prepare(const InsertInto& into);
  const std::string& prepare(std::string_view sql, std::span<const Param> params);
  const std::string& prepare_as(const std::string& key, std::string_view sql,
                                std::span<const Oid> types);
  void check_deadline() const;
  void begin_posting();
  std::shared_ptr<PostgresAnswer> posted(int sent);
  void wait(short events, std::int64_t patience_ms, base::Micros end);
  PGresult* next_answer(std::int64_t patience_ms);
  PGresult* collect();
  PGresult* answer(int sent);

  PGconn* handle_ = nullptr;
  std::unordered_map<std::string, std::string> statements_;  // SQL and types of its parameters
  std::int64_t prepared_ = 0;
  std::string key_;  // of the statement looked for, kept for its memory
  const base::Clock* deadline_clock_ = nullptr;
  base::Micros deadline_ = 0;
  std::int64_t patience_ms_ = 0;
  struct Posted {
    std::shared_ptr<PostgresAnswer> answer;
    std::int64_t patience_ms;
  };
  std::vector<Posted> posted_;  // statements whose answers were not read yet
  std::size_t posted_bytes_ = 0;
  bool gave_up_ = false;
};

}  // namespace annals::db
