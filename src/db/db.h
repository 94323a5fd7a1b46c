// The database: one dialect of SQL over an engine, read transactions from a pool, and one writer
// that gathers what waits into one durable commit (docs/design/0001-journal-and-writer.md).
//
// SQL is a constant (or assembled text) with parameters $1, $2, …, which the driver binds by name.
// A Tx belongs to the thread that runs it and ends with the function it was given to.
#pragma once
#include <cstdint>
#include <exception>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/id.h"
#include "db/blobs.h"
#include "db/business.h"  // IWYU pragma: export

namespace annals::db {

/// A parameter. Text and blob are views: they must live until the call that takes them returns
/// (for query(): as long as the Rows).
class Param {
 public:
  // NOLINTBEGIN(google-explicit-constructor): parameters stand in a braced list as they are
  Param(std::nullptr_t) {}
  Param(std::string_view text) : value_(text) {}
  Param(const std::string& text) : value_(std::string_view(text)) {}
  Param(const char* text) : value_(std::string_view(text)) {}
  Param(base::ByteSpan blob) : value_(blob) {}
  Param(const base::Id& id) : value_(base::ByteSpan(id.bytes)) {}
  Param(bool flag) : value_(static_cast<std::int64_t>(flag)) {}
  template <class Int>
    requires(std::is_integral_v<Int> && !std::is_same_v<Int, bool>)
  Param(Int number) : value_(static_cast<std::int64_t>(number)) {}
  template <class T>
  Param(const std::optional<T>& maybe) {
    if (maybe) value_ = Param(*maybe).value_;
  }
  // NOLINTEND(google-explicit-constructor)
  using Value = std::variant<std::monostate, std::int64_t, std::string_view, base::ByteSpan>;
  [[nodiscard]] const Value& value() const { return value_; }

 private:
  Value value_;
};

/// The columns of the current row of a Rows, by position from 0. Views live until the next next().
class Row {
 public:
  virtual ~Row() = default;
  [[nodiscard]] virtual bool is_null(int column) const = 0;
  [[nodiscard]] virtual std::int64_t integer(int column) const = 0;   // 0 for null
  [[nodiscard]] virtual std::string_view text(int column) const = 0;  // empty for null
  [[nodiscard]] virtual base::ByteSpan blob(int column) const = 0;    // empty for null

  [[nodiscard]] std::string string(int column) const { return std::string(text(column)); }
  [[nodiscard]] bool flag(int column) const { return integer(column) != 0; }
  /// Throws kInternal where the blob is not of 16 bytes.
  [[nodiscard]] base::Id id(int column) const;
  [[nodiscard]] std::optional<base::Id> maybe_id(int column) const;
  [[nodiscard]] std::optional<std::string> maybe_string(int column) const;
  [[nodiscard]] std::optional<std::int64_t> maybe_integer(int column) const;
};

class Cursor : public Row {
 public:
  [[nodiscard]] virtual bool next() = 0;
};

/// The result of a query, read row by row:
///   auto rows = tx.query(kNewest, {business, limit});
///   while (rows.next()) use(rows->text(0));
class Rows {
 public:
  explicit Rows(std::unique_ptr<Cursor> cursor) : cursor_(std::move(cursor)) {}
  [[nodiscard]] bool next() { return cursor_->next(); }
  [[nodiscard]] const Row* operator->() const { return cursor_.get(); }
  [[nodiscard]] const Row& operator*() const { return *cursor_; }

 private:
  std::unique_ptr<Cursor> cursor_;
};

enum class Engine { kSqlite, kPostgres };

/// Where rows go, for Tx::insert().
struct InsertInto {
  std::string_view table;     // with its columns: "pins (business, entry, pinned_at)"
  std::string_view types;     // a letter a column: i integer, b bytes, t text
  std::string_view conflict;  // "ON CONFLICT …", or empty
};

/// A question by one key, whose answer is rows. $1 is tx.business(), $2 the key, or with `many` an
/// array of keys; the first column is the key. `many` asks for each key by itself (LATERAL … LIMIT
/// 1): given `= ANY` and a table without statistics PostgreSQL reads all rows of the business.
/// A constant: it is told from others by its address.
struct LookUp {
  std::string_view one;
  std::string_view many{};  // empty where it is never asked ahead
  /// What append() adds may answer it, so that an answer holds for one commit at most. Any other
  /// answer holds until something is changed by execute() or insert().
  bool of_appended = false;
};

/// Takes the questions that a write is going to ask (see Database::write()).
class Asks {
 public:
  virtual ~Asks() = default;
  Asks() = default;
  Asks(const Asks&) = delete;
  Asks& operator=(const Asks&) = delete;
  virtual void add(const LookUp& what, const Param& key) = 0;
};

class Tx {
 public:
  virtual ~Tx() = default;
  Tx() = default;
  Tx(const Tx&) = delete;
  Tx& operator=(const Tx&) = delete;

  /// The one time stamp of this transaction.
  [[nodiscard]] virtual base::Micros now() const = 0;
  [[nodiscard]] virtual Engine engine() const = 0;
  [[nodiscard]] virtual BusinessKey business() const = 0;
  [[nodiscard]] virtual bool writable() const = 0;

  /// `sql` may be any text; statements are kept prepared by it.
  [[nodiscard]] virtual Rows query(std::string_view sql, std::span<const Param> params) = 0;
  [[nodiscard]] Rows query(std::string_view sql, std::initializer_list<Param> params) {
    return query(sql, std::span<const Param>(params.begin(), params.size()));
  }
  /// Runs a statement to its end; how many rows it changed. A broken UNIQUE or PRIMARY KEY throws
  /// Error kConflict (code `unique`), a broken CHECK or NOT NULL kInternal.
  virtual std::int64_t execute(std::string_view sql, std::span<const Param> params) = 0;
  std::int64_t execute(std::string_view sql, std::initializer_list<Param> params) {
    return execute(sql, std::span<const Param>(params.begin(), params.size()));
  }

  /// Inserts rows, whose values stand one row after the other; on PostgreSQL in one statement.
  /// `into` must be a constant.
  virtual void insert(const InsertInto& into, std::span<const Param> values) = 0;

  /// As insert(), for rows that nothing but their key can be wrong with: on PostgreSQL they may be
  /// sent later, with those of other writes, but before whatever might see that they are missing.
  virtual void append(const InsertInto& into, std::span<const Param> values) {
    insert(into, values);
  }
  void append(const InsertInto& into, std::initializer_list<Param> values) {
    append(into, std::span<const Param>(values.begin(), values.size()));
  }
  /// For Derive: the rows that the writes of this commit appended to `into`, oldest first, where it
  /// is known that they are still as they were appended.
  [[nodiscard]] virtual std::optional<Rows> appended(const InsertInto& /*into*/) const {
    return std::nullopt;
  }
  /// Says that append() added what `key` is answered by.
  virtual void forget_answer(const LookUp& /*what*/, const Param& /*key*/) {}
  /// Whether look_up() would answer without a trip to a server.
  [[nodiscard]] virtual bool knows(const LookUp& /*what*/, const Param& /*key*/) { return true; }
  /// query(), where the answer may be known already.
  [[nodiscard]] virtual Rows look_up(const LookUp& what, const Param& key) {
    return query(what.one, {business(), key});
  }

  /// Has `undo` run if what this function did is rolled back after all (latest first); `done` once
  /// it is durable. Both run on the writer's thread and must not throw.
  virtual void on_rollback(std::function<void()> undo) = 0;
  virtual void on_commit(std::function<void()> done) = 0;

  /// Runs `part`; where it throws, what it did is rolled back, and the rest of the transaction
  /// stands. The exception goes on.
  virtual void nested(const std::function<void()>& part) = 0;

  /// Tells how far this transaction has written the journal, and the size of the row that it wrote
  /// there: later reads wait until the derived tables have it, and writes wait where the rows or
  /// bytes that are not derived yet become too many.
  virtual void journal_reaches(std::int64_t pos, std::size_t bytes) = 0;
  /// Reads derived tables as far as they are applied. In a read transaction it is query(); on the
  /// writer the derived tables are no part of the transaction and may lag behind the journal.
  [[nodiscard]] virtual Rows query_derived(std::string_view sql, std::span<const Param> params) = 0;
  [[nodiscard]] Rows query_derived(std::string_view sql, std::initializer_list<Param> params) {
    return query_derived(sql, std::span<const Param>(params.begin(), params.size()));
  }
  /// What the writer remembers between transactions (ledger/ keeps the heads there). One slot a
  /// database, touched on the writer's thread alone; empty at first. Derive has a slot of its own,
  /// which is emptied wherever anything else may have changed what it derives.
  [[nodiscard]] virtual std::shared_ptr<void>& writer_memory() = 0;
  [[nodiscard]] virtual const base::Clock& clock() const = 0;
};

/// Applies journal rows after position `after` to the derived tables, oldest first and a batch at
/// most, and returns the last position that it applied (`after` where there is nothing more).
/// Runs on the applier's thread in a transaction that writes derived tables and reads all others.
using Derive = std::function<std::int64_t(Tx& tx, std::int64_t after)>;

/// The size of a write-ahead log beyond which SQLite's writer checkpoints: it bounds how long that
/// stalls the writes behind it.
inline constexpr std::int64_t kWalBytesMax = 64LL * 1024 * 1024;

struct Options {
  std::string folder{};  // created with mode 0700 where missing
  const base::Clock* clock = &base::system_clock();
  int readers = 8;  // read connections at most
  Derive derive{};  // empty: nothing is derived
  // Told after what a commit wrote to the journal is derived, µs after the commit; on the applier's
  // thread. Not on PostgreSQL, where both are one.
  std::function<void(base::Micros behind)> on_derived{};
  std::int64_t wal_bytes_max = kWalBytesMax;  // less, for tests that want checkpoints
};

class Database {
 public:
  virtual ~Database() = default;

  /// Attachments and message bytes.
  [[nodiscard]] virtual Blobs& blobs() = 0;
  /// Journal rows that wait to be derived. 0 in rest.
  [[nodiscard]] virtual std::int64_t lag() const = 0;
  /// Whether writes are taken: false after the disk failed, until it works again.
  [[nodiscard]] virtual bool writable() const = 0;
  /// Called after each commit that wrote the journal, with its position, on the writer's thread.
  virtual void on_journal(std::function<void(std::int64_t pos)> listener) = 0;

  /// Runs `work` in a read transaction, which sees all that was committed before the call,
  /// derived tables too. At most limits::kReadTransactionMs, then Error kUnavailable. What `work`
  /// throws ends the transaction and comes out here. Safe from any thread.
  template <class Work>
  auto read(BusinessKey business, Work&& work) {
    return run<Work>([&](const std::function<void(Tx&)>& body) { run_read(business, body, true); },
                     work);
  }

  /// As read(), but without waiting for derived tables: for what does not look at them.
  template <class Work>
  auto read_as_is(BusinessKey business, Work&& work) {
    return run<Work>([&](const std::function<void(Tx&)>& body) { run_read(business, body, false); },
                     work);
  }

  /// Runs `work` on the writer, in a transaction with others that wait, and returns when that is
  /// durable. `work` may run twice (its group failed through another) and must have no effect but
  /// through its Tx. Throws what `work` throws (nothing of it is kept), kUnavailable where the
  /// queue is full, kUnknownOutcome where the disk failed at commit. Safe from any thread, except
  /// from inside read() or write().
  template <class Work>
  auto write(BusinessKey business, Work&& work) {
    return write(business, work, Ahead());
  }

  /// Tells what a write is going to ask, so that the questions of all that wait can be asked at
  /// once where each would be a trip to a server. Called twice, since the first answers may lead to
  /// further questions; it may call look_up() and must change nothing.
  using Ahead = std::function<void(Tx& tx, Asks& asks)>;
  template <class Work>
  auto write(BusinessKey business, Work&& work, const Ahead& ahead) {
    return run<Work>(
        [&](const std::function<void(Tx&)>& body) { run_write(business, body, ahead); }, work);
  }

  /// As write(), without waiting for it: `ended` is called once, on any thread, perhaps before this
  /// returns, with null or with what write() would throw. It must be quick, and not throw.
  virtual void begin_write(BusinessKey business, std::function<void(Tx&)> work, Ahead ahead,
                           std::function<void(std::exception_ptr)> ended) = 0;

 protected:
  virtual void run_read(BusinessKey business, const std::function<void(Tx&)>& body,
                        bool derived) = 0;

 private:
  void run_write(BusinessKey business, const std::function<void(Tx&)>& body, const Ahead& ahead);

  template <class Work, class Runner>
  static auto run(Runner&& runner, Work& work) {
    using Result = std::invoke_result_t<Work&, Tx&>;
    if constexpr (std::is_void_v<Result>) {
      runner([&](Tx& tx) { work(tx); });
    } else {
      std::optional<Result> result;
      runner([&](Tx& tx) { result.emplace(work(tx)); });
      return std::move(*result);
    }
  }
};

}  // namespace annals::db
