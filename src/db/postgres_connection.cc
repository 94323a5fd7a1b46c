#include "db/postgres_connection.h"

#include <libpq-fe.h>
#include <poll.h>
#include <postgres_ext.h>

#include <algorithm>
#include <array>
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
#include "db/postgres_array.h"

namespace annals::db {
namespace {

using base::Code;
using base::Error;

// Sent without waiting for the server; libpq keeps what that does not take.
constexpr std::size_t kPostedBytesMax = std::size_t{4} * 1024 * 1024;
// Statements kept prepared a connection, as on SQLite.
constexpr std::size_t kStatementsMax = 512;

// pg_type.dat: these numbers never change.
constexpr Oid kBool = 16;
constexpr Oid kBytea = 17;
constexpr Oid kInt8 = 20;
constexpr Oid kInt2 = 21;
constexpr Oid kInt4 = 23;
constexpr Oid kText = 25;
constexpr int kBinary = 1;

struct FreeResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, FreeResult>;

// https://www.postgresql.org/docs/15/errcodes-appendix.html
[[noreturn]] void throw_state(std::string_view state, const std::string& message) {
  if (state == "23505") throw base::conflict("", "unique", "This exists already.");
  if (state == "57014") {
    throw Error(Code::kUnavailable,
                "The query took too long; narrow it down, by a date range for example.");
  }
  if (state == "55P03") throw LockNotHad();
  if (state == "40001" || state == "40P01") throw TransactionLost();
  if (state.starts_with("08")) throw ConnectionLost();
  if (state == "53100") throw Error(Code::kStorageFull, "The disk is full: nothing was stored.");
  if (state.starts_with("53") || state == "25006") {
    throw Error(Code::kUnavailable, "The database cannot be written at the moment. Try again.");
  }
  throw Error(Code::kInternal, "PostgreSQL " + std::string(state) + ": " + message);
}

// FATAL is the session's last word (it was ended, or idle in a transaction for too long), PANIC the
// server's.
bool ends_session(const PGresult* result) {
  const char* severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  return severity != nullptr && std::string_view(severity) != "ERROR";
}

// Of a result, or of the connection where there is none.
[[noreturn]] void throw_failure(PGconn* connection, const PGresult* result) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  if (state == nullptr || PQstatus(connection) != CONNECTION_OK) throw ConnectionLost();
  if (ends_session(result)) throw ConnectionLost();  // though libpq has not seen it yet
  const char* message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  throw_state(state, message == nullptr ? "" : message);
}

bool is_done(const PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

void expect_done(PGconn* connection, const PGresult* result) {
  if (!is_done(result)) throw_failure(connection, result);
}

std::uint64_t big_endian(const char* bytes, int size) {
  std::uint64_t value = 0;
  for (int i = 0; i < size; ++i) value = (value << 8U) | static_cast<std::uint8_t>(bytes[i]);
  return value;
}

class PostgresCursor final : public Cursor {
 public:
  explicit PostgresCursor(Result result)
      : result_(std::move(result)), end_(PQntuples(result_.get())) {}
  /// Of those rows alone.
  PostgresCursor(std::shared_ptr<PGresult> result, const std::vector<int>& numbers)
      : result_(std::move(result)), numbers_(numbers), end_(static_cast<int>(numbers.size())) {}

  [[nodiscard]] bool next() override {
    if (++at_ >= end_) return false;
    row_ = numbers_.empty() ? at_ : numbers_[static_cast<std::size_t>(at_)];
    return true;
  }
  [[nodiscard]] bool is_null(int column) const override {
    return PQgetisnull(result_.get(), row_, column) != 0;
  }
  [[nodiscard]] std::int64_t integer(int column) const override {
    if (is_null(column)) return 0;
    const char* value = PQgetvalue(result_.get(), row_, column);
    switch (PQftype(result_.get(), column)) {
      case kInt8:
        return static_cast<std::int64_t>(big_endian(value, 8));
      case kInt4:
        return static_cast<std::int32_t>(big_endian(value, 4));
      case kInt2:
        return static_cast<std::int16_t>(big_endian(value, 2));
      case kBool:
        return value[0] != 0 ? 1 : 0;
      default:
        throw Error(Code::kInternal, "A column that should hold an integer holds something else.");
    }
  }
  [[nodiscard]] std::string_view text(int column) const override {
    return {PQgetvalue(result_.get(), row_, column),
            static_cast<std::size_t>(PQgetlength(result_.get(), row_, column))};
  }
  [[nodiscard]] base::ByteSpan blob(int column) const override {
    return base::as_bytes(text(column));
  }

 private:
  std::shared_ptr<PGresult> result_;
  std::vector<int> numbers_;
  int end_;
  int at_ = -1;
  int row_ = -1;
};

// Parameters as libpq takes them, in its binary format.
class Bound {
 public:
  explicit Bound(std::span<const Param> params)
      : numbers_(params.size()),
        values_(params.size()),
        lengths_(params.size()),
        formats_(params.size(), kBinary) {
    for (std::size_t i = 0; i < params.size(); ++i) bind(i, params[i]);
  }
  [[nodiscard]] int count() const { return static_cast<int>(values_.size()); }
  [[nodiscard]] const char* const* values() const { return values_.data(); }
  [[nodiscard]] const int* lengths() const { return lengths_.data(); }
  [[nodiscard]] const int* formats() const { return formats_.data(); }

 private:
  void set(std::size_t i, const char* data, std::size_t size) {
    values_[i] = data == nullptr ? "" : data;  // a null pointer would be NULL
    lengths_[i] = static_cast<int>(size);
  }
  void bind(std::size_t i, const Param& param) {
    if (const auto* number = std::get_if<std::int64_t>(&param.value())) {
      const auto bits = static_cast<std::uint64_t>(*number);
      for (std::size_t byte = 0; byte < 8; ++byte) {
        numbers_[i][byte] = static_cast<char>(static_cast<std::uint8_t>(bits >> (56 - 8 * byte)));
      }
      set(i, numbers_[i].data(), 8);
    } else if (const auto* text = std::get_if<std::string_view>(&param.value())) {
      set(i, text->data(), text->size());
    } else if (const auto* blob = std::get_if<base::ByteSpan>(&param.value())) {
      const std::string_view bytes = base::as_text(*blob);
      set(i, bytes.data(), bytes.size());
    }
  }

  std::vector<std::array<char, 8>> numbers_;
  std::vector<const char*> values_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
};

Oid type_of(const Param& param) {
  if (std::holds_alternative<std::int64_t>(param.value())) return kInt8;
  if (std::holds_alternative<std::string_view>(param.value())) return kText;
  if (std::holds_alternative<base::ByteSpan>(param.value())) return kBytea;
  return 0;  // null: as the statement wants it
}

char letter_of(Oid type) {
  switch (type) {
    case kInt8:
      return 'i';
    case kText:
      return 't';
    case kBytea:
      return 'b';
    default:
      return 'n';
  }
}

// Waits for the socket of a connection that is being made. False where the time is over.
bool wait_for(PGconn* connection, PostgresPollingStatusType what, std::int64_t wait_ms) {
  pollfd socket{.fd = PQsocket(connection),
                .events = static_cast<short>(what == PGRES_POLLING_READING ? POLLIN : POLLOUT),
                .revents = 0};
  return wait_ms > 0 && ::poll(&socket, 1, static_cast<int>(wait_ms)) > 0;
}

PGconn* start(const std::string& url, const std::string& options) {
  // `dbname` may hold a whole URL; what stands after it overrides. A host that is gone without a
  // word is noticed after some seconds, also where only an answer is waited for.
  const std::array<const char*, 9> names{"dbname",
                                         "options",
                                         "application_name",
                                         "client_encoding",
                                         "keepalives_idle",
                                         "keepalives_count",
                                         "keepalives_interval",
                                         "tcp_user_timeout",
                                         nullptr};
  const std::array<const char*, 9> values{url.c_str(), options.c_str(), "annals", "UTF8", "2", "3",
                                          "1",         "5000",          nullptr};
  return PQconnectStartParams(names.data(), values.data(), 1);
}

// What the server said, without the address, which may hold a password.
std::string refusal(PGconn* connection) {
  std::string text = PQerrorMessage(connection);
  const std::size_t fatal = text.find("FATAL:");
  if (fatal != std::string::npos) text = text.substr(fatal + 6);
  const std::size_t unsent = text.find("fe_sendauth:");  // says that there is no password
  if (unsent != std::string::npos) text = text.substr(unsent + 12);
  return std::string(base::trim(text.substr(0, text.find('\n'))));
}

}  // namespace

ConnectionLost::ConnectionLost(std::string said)
    : Error(Code::kUnavailable, "The database cannot be reached at the moment. Try again."),
      said_(std::move(said)) {}

TransactionLost::TransactionLost()
    : Error(Code::kUnavailable, "The database gave another request precedence. Try again.") {}

LockNotHad::LockNotHad() : Error(Code::kUnavailable, "The database is busy; try again.") {}

PostgresConnection::PostgresConnection(const std::string& url, const std::string& options,
                                       std::int64_t deadline_ms)
    : handle_(start(url, options)) {
  CHECK(handle_ != nullptr);
  const base::Clock& clock = base::system_clock();
  const base::Micros end = clock.steady() + deadline_ms * 1'000;
  PostgresPollingStatusType status = PGRES_POLLING_WRITING;
  while (PQstatus(handle_) != CONNECTION_BAD && status != PGRES_POLLING_OK &&
         status != PGRES_POLLING_FAILED) {
    if (!wait_for(handle_, status, (end - clock.steady()) / 1'000)) break;
    status = PQconnectPoll(handle_);
  }
  // So that a server that takes nothing more is noticed too, whatever there is to send.
  if (status == PGRES_POLLING_OK && PQsetnonblocking(handle_, 1) == 0) return;
  const std::string said = refusal(handle_);
  const bool turned_away =
      PQconnectionNeedsPassword(handle_) != 0 ||
      std::string_view(PQerrorMessage(handle_)).find("FATAL:") != std::string_view::npos;
  // "the database system is starting up", "too many clients" pass; a wrong password does not.
  const bool passes = said.find("starting up") != std::string::npos ||
                      said.find("shutting down") != std::string::npos ||
                      said.find("recovery mode") != std::string::npos ||
                      said.find("not yet accepting") != std::string::npos ||
                      said.find("too many") != std::string::npos ||
                      said.find("remaining connection slots") != std::string::npos;
  PQfinish(handle_);
  handle_ = nullptr;
  if (turned_away && !passes) {
    throw base::invalid("database", "refused", "The database server refused: " + said + ".");
  }
  throw ConnectionLost(turned_away ? said : std::string());
}

PostgresConnection::~PostgresConnection() {
  if (handle_ != nullptr) PQfinish(handle_);
}

void PostgresConnection::check_deadline() const {
  if (deadline_ == 0 || deadline_clock_->steady() <= deadline_) return;
  throw Error(Code::kUnavailable,
              "The query took too long; narrow it down, by a date range for example.");
}

// Until the socket is ready, or our patience ends.
void PostgresConnection::wait(short events, std::int64_t patience_ms, base::Micros end) {
  pollfd socket{.fd = PQsocket(handle_), .events = events, .revents = 0};
  const std::int64_t left_ms =
      std::max<std::int64_t>((end - base::system_clock().steady()) / 1'000, 0);
  if (::poll(&socket, 1, patience_ms == 0 ? -1 : static_cast<int>(left_ms)) != 0) return;
  gave_up_ = true;
  throw ConnectionLost();
}

// The last result of the first statement that was not answered, as PQexec() and its like would
// give it.
PGresult* PostgresConnection::next_answer(std::int64_t patience_ms) {
  if (gave_up_) throw ConnectionLost();
  const base::Micros end = base::system_clock().steady() + patience_ms * 1'000;
  while (PQflush(handle_) == 1) {
    wait(POLLIN | POLLOUT, patience_ms, end);  // the server may want us to read first
    if (PQconsumeInput(handle_) == 0) break;   // the result says why
  }
  Result last;
  while (true) {
    while (PQisBusy(handle_) != 0) {
      wait(POLLIN, patience_ms, end);
      if (PQconsumeInput(handle_) == 0) break;
    }
    Result next(PQgetResult(handle_));
    if (!next) break;
    if (!last || is_done(last.get())) last = std::move(next);  // what failed says most
  }
  if (!last) throw ConnectionLost();
  return last.release();
}

// The answer to what was posted last; throws the first failure of all that was posted.
PGresult* PostgresConnection::collect() {
  const std::vector<Posted> all = std::exchange(posted_, {});
  if (PQpipelineSync(handle_) == 0) throw ConnectionLost();
  Result last;
  Result failure;
  for (const Posted& one : all) {
    Result result(next_answer(one.patience_ms));
    if (failure) continue;  // nothing that follows it was done
    if (!is_done(result.get())) {
      ConnectionLost lost;
      if (ends_session(result.get()) && &one != &all.back()) lost.set_before_last();
      if (lost.before_last() || PQstatus(handle_) != CONNECTION_OK) throw lost;
      failure = std::move(result);
    } else if (one.answer) {
      for (int i = 0; i < PQntuples(result.get()); ++i) one.answer->numbers.push_back(i);
      one.answer->result = std::shared_ptr<PGresult>(result.release(), FreeResult());
    } else {
      last = std::move(result);
    }
  }
  const Result end(next_answer(patience_ms_));
  if (PQresultStatus(end.get()) != PGRES_PIPELINE_SYNC || PQexitPipelineMode(handle_) == 0) {
    throw ConnectionLost();
  }
  if (failure) throw_failure(handle_, failure.get());
  return last.release();
}

PGresult* PostgresConnection::answer(int sent) {
  if (sent == 0) throw ConnectionLost();
  if (posted_.empty()) return next_answer(patience_ms_);
  posted_.push_back({.answer = nullptr, .patience_ms = patience_ms_});
  return collect();
}

void PostgresConnection::begin_posting() {
  if (gave_up_) throw ConnectionLost();
  if (!posted_.empty()) return;
  if (PQenterPipelineMode(handle_) == 0) throw ConnectionLost();
  posted_bytes_ = 0;
}

std::shared_ptr<PostgresAnswer> PostgresConnection::posted(int sent) {
  if (sent == 0) throw ConnectionLost();
  auto answer = std::make_shared<PostgresAnswer>();
  posted_.push_back({.answer = answer, .patience_ms = patience_ms_});
  return answer;
}

void PostgresConnection::push() {
  if (!posted_.empty()) PQflush(handle_);  // as much as is taken at once
}

void PostgresConnection::settle() {
  if (!posted_.empty()) const Result none(collect());
}

// Parameters are typed by what is given, not by what PostgreSQL would guess (`$1 + 1` were an
// int4); a null has no type, so that a statement may be prepared more than once.
const std::string& PostgresConnection::prepare(std::string_view sql,
                                               std::span<const Param> params) {
  key_.assign(sql);
  key_ += '\0';
  for (const Param& param : params) key_ += letter_of(type_of(param));
  const auto known = statements_.find(key_);
  if (known != statements_.end()) return known->second;
  std::vector<Oid> types;
  types.reserve(params.size());
  for (const Param& param : params) types.push_back(type_of(param));
  return prepare_as(key_, sql, types);
}

const std::string& PostgresConnection::prepare_as(const std::string& key, std::string_view sql,
                                                  std::span<const Oid> types) {
  settle();  // a failure there would undo this, too
  if (statements_.size() >= kStatementsMax) {
    script("DEALLOCATE ALL");
    statements_.clear();
  }
  std::string name = "s" + std::to_string(++prepared_);
  const std::string text(sql);
  const Result result(answer(PQsendPrepare(handle_, name.c_str(), text.c_str(),
                                           static_cast<int>(types.size()), types.data())));
  expect_done(handle_, result.get());
  return statements_.emplace(key, std::move(name)).first->second;
}

int PostgresConnection::send(const std::string& name, std::span<const Param> params) {
  const Bound bound(params);
  return PQsendQueryPrepared(handle_, name.c_str(), bound.count(), bound.values(), bound.lengths(),
                             bound.formats(), kBinary);
}

PGresult* PostgresConnection::run(std::string_view sql, std::span<const Param> params) {
  check_deadline();
  Result result(answer(send(prepare(sql, params), params)));
  expect_done(handle_, result.get());
  return result.release();
}

std::shared_ptr<PostgresAnswer> PostgresConnection::post_ask(std::string_view sql,
                                                             std::span<const Param> params) {
  const std::string& name = prepare(sql, params);
  begin_posting();
  return posted(send(name, params));
}

Rows PostgresConnection::query(std::string_view sql, std::span<const Param> params) {
  return Rows(std::make_unique<PostgresCursor>(Result(run(sql, params))));
}

std::int64_t PostgresConnection::execute(std::string_view sql, std::span<const Param> params) {
  const Result result(run(sql, params));
  const std::string_view count = PQcmdTuples(result.get());
  std::int64_t changed = 0;
  std::from_chars(count.data(), count.data() + count.size(), changed);
  return changed;
}

namespace {

struct ColumnType {
  Oid element;
  const char* name;
  const char* value;  // what goes into the table, before and after the column's name
  const char* after;
};

ColumnType column_type(char letter) {
  switch (letter) {
    case 'i':
      return {kInt8, "bigint[]", "", ""};
    case 'b':
      return {kBytea, "bytea[]", "", ""};
    case 't':
      return {kText, "text[]", "", ""};
    case 'w':
      return {kText, "text[]", "array_to_tsvector(string_to_array(", ", ' '))"};
    default:
      throw Error(Code::kInternal, "There is no such type of a column.");
  }
}

std::string insert_sql(const InsertInto& into) {
  std::string values;
  std::string arrays;
  std::string names;
  for (std::size_t i = 0; i < into.types.size(); ++i) {
    const ColumnType type = column_type(into.types[i]);
    const std::string name = "c" + std::to_string(i + 1);
    if (i > 0) {
      for (std::string* list : {&values, &arrays, &names}) *list += ", ";
    }
    values.append(type.value).append(name).append(type.after);
    arrays.append("$").append(std::to_string(i + 1)).append("::").append(type.name);
    names += name;
  }
  return "INSERT INTO " + std::string(into.table) + " SELECT " + values + " FROM unnest(" + arrays +
         ") AS r (" + names + ") " + std::string(into.conflict);
}

}  // namespace

std::vector<BinaryArray> columns_of(const InsertInto& into) {
  std::vector<BinaryArray> columns;
  columns.reserve(into.types.size());
  for (const char letter : into.types) columns.emplace_back(column_type(letter).element);
  return columns;
}

namespace {

std::vector<BinaryArray> columns_of(const InsertInto& into, std::span<const Param> values) {
  std::vector<BinaryArray> columns = columns_of(into);
  CHECK(!columns.empty() && values.size() % columns.size() == 0);
  for (std::size_t i = 0; i < values.size(); ++i) columns[i % columns.size()].add(values[i]);
  return columns;
}

}  // namespace

const std::string& PostgresConnection::prepare(const InsertInto& into) {
  const std::string key =
      std::string(into.table) + '\0' + std::string(into.types) + '\0' + std::string(into.conflict);
  const auto known = statements_.find(key);
  if (known != statements_.end()) return known->second;
  return prepare_as(key, insert_sql(into), std::vector<Oid>(into.types.size(), 0));
}

int PostgresConnection::send(const std::string& name, const std::vector<BinaryArray>& columns,
                             std::size_t first, std::size_t count) {
  std::vector<std::string> arrays;
  std::vector<const char*> data;
  std::vector<int> lengths;
  arrays.reserve(columns.size());
  for (const BinaryArray& column : columns) {
    const std::string& array = arrays.emplace_back(column.encode(first, count));
    data.push_back(array.data());
    lengths.push_back(static_cast<int>(array.size()));
    posted_bytes_ += array.size();
  }
  const std::vector<int> formats(columns.size(), kBinary);
  return PQsendQueryPrepared(handle_, name.c_str(), static_cast<int>(columns.size()), data.data(),
                             lengths.data(), formats.data(), kBinary);
}

void PostgresConnection::insert(const InsertInto& into, std::span<const Param> values) {
  if (!values.empty()) insert(into, columns_of(into, values), 0, values.size() / into.types.size());
}

void PostgresConnection::insert(const InsertInto& into, const std::vector<BinaryArray>& columns,
                                std::size_t first, std::size_t count) {
  const Result result(answer(send(prepare(into), columns, first, count)));
  expect_done(handle_, result.get());
}

void PostgresConnection::post(const InsertInto& into, std::span<const Param> values) {
  if (!values.empty()) post(into, columns_of(into, values), 0, values.size() / into.types.size());
}

void PostgresConnection::post(const InsertInto& into, const std::vector<BinaryArray>& columns,
                              std::size_t first, std::size_t count) {
  const std::string& name = prepare(into);
  begin_posting();
  static_cast<void>(posted(send(name, columns, first, count)));
  if (posted_bytes_ >= kPostedBytesMax) settle();
}

Rows PostgresAnswer::rows() const {
  return Rows(std::make_unique<PostgresCursor>(result, numbers));
}

PostgresAnswer PostgresConnection::ask(std::string_view sql, std::span<const Param> params) {
  PostgresAnswer answer{.result = std::shared_ptr<PGresult>(run(sql, params), FreeResult()),
                        .numbers = {}};
  for (int i = 0; i < PQntuples(answer.result.get()); ++i) answer.numbers.push_back(i);
  return answer;
}

std::shared_ptr<PostgresAnswer> PostgresConnection::post_ask_many(std::string_view sql,
                                                                  BusinessKey business,
                                                                  const BinaryArray& keys) {
  const std::string key = "many" + std::string(sql);
  const auto known = statements_.find(key);
  const std::string& name = known != statements_.end()
                                ? known->second
                                : prepare_as(key, sql, std::array<Oid, 2>{kInt8, 0});
  const std::array<Param, 1> first{business};
  const Bound bound(first);
  const std::string array = keys.encode(0, keys.size());
  const std::array<const char*, 2> values{bound.values()[0], array.data()};
  const std::array<int, 2> lengths{bound.lengths()[0], static_cast<int>(array.size())};
  const std::array<int, 2> formats{kBinary, kBinary};
  begin_posting();
  return posted(PQsendQueryPrepared(handle_, name.c_str(), 2, values.data(), lengths.data(),
                                    formats.data(), kBinary));
}

void PostgresConnection::script(const std::string& sql) {
  settle();
  const Result result(answer(PQsendQuery(handle_, sql.c_str())));
  expect_done(handle_, result.get());
}

// PostgreSQL answers the COMMIT of a transaction in which something failed with "ROLLBACK".
void PostgresConnection::commit() {
  const Result result(run("COMMIT", {}));
  if (std::string_view(PQcmdStatus(result.get())) == "COMMIT") return;
  throw Error(Code::kInternal, "A transaction in which something failed was to be committed.");
}

void PostgresConnection::roll_back() {
  try {
    settle();
  } catch (const Error&) {
    if (broken()) throw;
  }
  script("ROLLBACK");
}

std::string PostgresConnection::text(std::string_view sql) {
  Rows rows = query(sql, {});
  return rows.next() ? rows->string(0) : std::string();
}

std::int64_t PostgresConnection::integer(std::string_view sql) {
  Rows rows = query(sql, {});
  return rows.next() ? rows->integer(0) : 0;
}

void PostgresConnection::set_deadline(const base::Clock* clock, base::Micros deadline) {
  deadline_clock_ = clock;
  deadline_ = deadline;
}

}  // namespace annals::db
