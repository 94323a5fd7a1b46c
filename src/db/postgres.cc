#include "db/postgres.h"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/blocking.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/log.h"
#include "db/blobs.h"
#include "db/business.h"
#include "db/db.h"
#include "db/postgres_blobs.h"
#include "db/postgres_connection.h"
#include "db/postgres_group.h"
#include "db/postgres_schema.h"
#include "db/write_job.h"
#include "db/write_parts.h"

namespace annals::db {
namespace {

using base::Code;
using base::Error;

constexpr std::size_t kGroupMax = 1'024;             // writes of one commit, of one business
constexpr std::size_t kGroupBytesMax = 1024 * 1024;  // of records; the write that passes it ends it
constexpr std::size_t kQuestionsMax = 1'000;  // asked ahead; the write that passes it ends it
constexpr std::size_t kPostRows =
    128;                     // appended, that are worth a statement while writes still run
constexpr int kWriters = 4;  // businesses written at the same time
constexpr std::int64_t kConnectMs = 900;  // so that a refusal comes within a second
constexpr std::int64_t kBeginMs = 1'500;  // for the answer to a BEGIN, which takes no time itself
constexpr std::int64_t kAnswerMs = base::limits::kReadTransactionMs + 1'000;  // to all that follows
constexpr std::int64_t kReaderWaitMs = 900;  // for a free connection
constexpr std::int64_t kTurnMs = 4'000;      // while other servers write for the business
constexpr int kListenPauseMs = 500;          // between tries to listen
constexpr int kLookMs = 1'000;               // between looks at what was not told of
constexpr std::string_view kChannel = "annals_journal";

// What a transaction is for.
enum class Purpose { kRead, kWrite, kDerive };

// `group` is null outside of a group of writes: then nothing waits to be sent. What is derived goes
// unanswered, for a failure there is one of the whole group.
class PostgresTx final : public HookedTx {
 public:
  PostgresTx(PostgresConnection& connection, BusinessKey business, Purpose purpose,
             const base::Clock& clock, std::shared_ptr<void>& memory, WriteGroup* group = nullptr)
      : HookedTx(business, purpose != Purpose::kRead, clock, memory),
        connection_(connection),
        derives_(purpose == Purpose::kDerive),
        group_(group),
        parts_(connection, group == nullptr || derives_ ? nullptr : &group->pending) {}

  [[nodiscard]] Engine engine() const override { return Engine::kPostgres; }
  using Tx::append;
  using Tx::execute;
  using Tx::query;
  using Tx::query_derived;
  [[nodiscard]] Rows query(std::string_view sql, std::span<const Param> params) override {
    parts_.send(false);
    return connection_.query(sql, params);
  }
  std::int64_t execute(std::string_view sql, std::span<const Param> params) override {
    before_change();
    return connection_.execute(sql, params);
  }
  [[nodiscard]] Rows query_derived(std::string_view sql, std::span<const Param> params) override {
    return query(sql, params);
  }
  void insert(const InsertInto& into, std::span<const Param> values) override {
    before_change();
    if (derives_) {
      connection_.post(into, values);
    } else {
      connection_.insert(into, values);
    }
  }
  void append(const InsertInto& into, std::span<const Param> values) override {
    if (group_ == nullptr || derives_) {
      insert(into, values);
      return;
    }
    group_->pending.rows.add(into, values);
  }
  [[nodiscard]] std::optional<Rows> appended(const InsertInto& into) const override {
    return derives_ ? group_->pending.rows.sent(into) : std::nullopt;
  }
  void forget_answer(const LookUp& what, const Param& key) override {
    if (group_ != nullptr) group_->answers.forget(what, key);
  }
  [[nodiscard]] bool knows(const LookUp& what, const Param& key) override {
    return group_ != nullptr && group_->answers.find(what, key) != nullptr;
  }
  [[nodiscard]] Rows look_up(const LookUp& what, const Param& key) override;

  // Until the transaction ends, statements may take as long as they do.
  void take_all_time() {
    connection_.script("SET LOCAL statement_timeout = 0");
    connection_.set_patience(0);
  }

  // For the writer, around a write that is not alone in its transaction.
  void begin_write() { begin_part(); }
  void end_write() { end_part(); }
  void roll_back_write() { roll_back_part(); }

 private:
  // (What a group remembers is of tables that are not derived.)
  void before_change() {
    CHECK(writable());
    parts_.send(true);
    if (group_ == nullptr || derives_) return;
    group_->answers.forget();
    group_->pending.rows.spoil();
  }
  void begin_part() override { parts_.begin(); }
  void end_part() override { parts_.end(); }
  void roll_back_part() override;

  PostgresConnection& connection_;
  bool derives_;
  WriteGroup* group_;
  WriteParts<PostgresConnection, PostgresPendingRows> parts_;
};

Rows PostgresTx::look_up(const LookUp& what, const Param& key) {
  const std::array<Param, 2> params{business(), key};
  if (group_ == nullptr) return connection_.query(what.one, params);
  const PostgresAnswer* known = group_->answers.find(what, key);
  if (known != nullptr) return known->rows();
  parts_.send(false);
  PostgresAnswer answer = connection_.ask(what.one, params);
  Rows rows = answer.rows();
  group_->answers.keep(what, key, std::move(answer));
  return rows;
}

void PostgresTx::roll_back_part() {
  const bool undone = parts_.roll_back(!connection_.broken());
  if (group_ == nullptr) return;
  if (undone) {
    group_->answers.forget();
    group_->pending.rows.spoil();
  } else if (connection_.in_failed_transaction() && !group_->pending.spoiled) {
    group_->pending.spoiled = std::make_exception_ptr(
        Error(Code::kInternal, "A question of a write failed, and its transaction with it."));
  }
}

// What a business's writer remembers, and until which turn that was the truth.
struct Memory {
  std::int64_t turn = -1;
  bool undisturbed = false;       // no other server wrote between our last two turns
  std::int64_t applied = -1;      // how far the journal is derived; -1: to be read
  std::shared_ptr<void> kept;     // by the writes
  std::shared_ptr<void> derived;  // by what derives
  PostgresAnswers answers;

  void forget() {
    kept.reset();
    undo();
  }
  // What may tell of writes that are undone. (What the writes keep they take back themselves.)
  void undo() {
    forget_derived();
    answers.forget();
  }
  void forget_derived() {
    applied = -1;
    derived.reset();
  }
};

// How a group's transaction went: it is done; it may go better on another connection; it failed by
// what was to be written; the database is away, or locked, for others too; nobody knows.
enum class Outcome { kDone, kAgain, kFailed, kRefused, kUnknown };

class PostgresDatabase final : public Database {
 public:
  PostgresDatabase(std::string url, const Options& options)
      : url_(std::move(url)),
        options_(options),
        blobs_([this](BusinessKey business) { return begin_pooled(business, ""); },
               [this](std::unique_ptr<PostgresConnection> connection) {
                 give_connection(std::move(connection));
               }),
        wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    prepare_database(url_);
    pool_made_ = 1;
    give_connection(connect());  // throws now what would throw at the first request
    for (int i = 0; i < kWriters; ++i) writers_.emplace_back([this] { write_loop(); });
    listener_ = std::thread([this] { listen_loop(); });
  }

  ~PostgresDatabase() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    work_.notify_all();
    wake();
    for (auto& writer : writers_) writer.join();
    listener_.join();
    ::close(wake_);
  }
  PostgresDatabase(const PostgresDatabase&) = delete;
  PostgresDatabase& operator=(const PostgresDatabase&) = delete;

  [[nodiscard]] Blobs& blobs() override { return blobs_; }
  [[nodiscard]] std::int64_t lag() const override { return 0; }
  [[nodiscard]] bool writable() const override { return reachable_; }
  void on_journal(std::function<void(std::int64_t)> listener) override {
    const std::lock_guard lock(mutex_);
    listeners_.push_back(std::move(listener));
  }

  void begin_write(BusinessKey business, std::function<void(Tx&)> work, Ahead ahead,
                   std::function<void(std::exception_ptr)> ended) override;

 protected:
  void run_read(BusinessKey business, const std::function<void(Tx&)>& body, bool derived) override;

 private:
  // What would be a wrong configuration at start is a server that is away later.
  std::unique_ptr<PostgresConnection> connect() const {
    try {
      auto connection = std::make_unique<PostgresConnection>(url_, session_options(), kConnectMs);
      connection->set_patience(kAnswerMs);
      enter(*connection);
      return connection;
    } catch (const Error& error) {
      if (error.code() != Code::kInvalid) throw;
      base::log(base::Level::kError, "the database refused a connection",
                {{"reason", std::string_view(error.what())}});
      throw ConnectionLost();
    }
  }
  static void begin(PostgresConnection& connection, BusinessKey business, const char* mode) {
    connection.set_patience(kBeginMs);
    connection.script(std::string("BEGIN ") + mode +
                      "; SET LOCAL annals.business = " + std::to_string(business));
    connection.set_patience(kAnswerMs);
  }
  void wake() const { ::eventfd_write(wake_, 1); }

  std::unique_ptr<PostgresConnection> take_connection();
  void give_connection(std::unique_ptr<PostgresConnection> connection);
  std::unique_ptr<PostgresConnection> begin_pooled(BusinessKey business, const char* mode);
  std::unique_ptr<PostgresConnection> idle_connection();

  void write_loop();
  bool take_group(std::vector<WriteJob*>& group);
  void give_back(std::vector<WriteJob*>& group, std::size_t from);
  void take_waiting(std::vector<WriteJob*>& group);
  std::unique_ptr<PostgresConnection> take_writing();
  std::unique_ptr<PostgresConnection> connect_writing();
  void give_writing(std::unique_ptr<PostgresConnection> connection);
  bool run_group(std::unique_ptr<PostgresConnection>& connection, std::vector<WriteJob*>& group);
  static void refuse(const std::vector<WriteJob*>& group, const std::exception_ptr& cause);
  Outcome try_group(std::unique_ptr<PostgresConnection>& connection, std::vector<WriteJob*>& group,
                    std::exception_ptr& cause);
  static std::shared_ptr<PostgresAnswer> begin_turn(PostgresConnection& connection,
                                                    BusinessKey business);
  void prepare_group(PostgresConnection& connection, std::vector<WriteJob*>& group,
                     WriteGroup& shared, Memory& memory);
  std::size_t ask_ahead(PostgresConnection& connection, WriteGroup& group, Memory& memory,
                        std::span<WriteJob* const> jobs);
  std::int64_t run_jobs(PostgresConnection& connection, std::vector<WriteJob*>& group,
                        WriteGroup& shared, Memory& memory);
  std::int64_t derive(PostgresConnection& connection, BusinessKey business, WriteGroup& group,
                      Memory& memory, std::int64_t end);
  Memory& memory_of(BusinessKey business);
  void listen_loop();
  void listen(PostgresConnection& connection);
  void rest(int wait_ms, int socket = -1) const;
  void tell() const;

  const std::string url_;
  const Options options_;

  std::mutex pool_mutex_;
  std::condition_variable pool_free_;
  std::vector<std::unique_ptr<PostgresConnection>> pool_;
  int pool_made_ = 0;
  int pool_connecting_ = 0;  // of those made, not there yet
  PostgresBlobs blobs_;

  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::deque<WriteJob*> queue_;
  std::set<BusinessKey> busy_;                                // businesses that a writer works for
  std::vector<std::unique_ptr<PostgresConnection>> writing_;  // of writers, while they rest
  std::map<BusinessKey, Memory> memories_;
  std::vector<std::function<void(std::int64_t)>> listeners_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> reachable_ = true;
  std::atomic<bool> untold_ = false;  // the journal grew, and others were not told

  int wake_;
  std::vector<std::thread> writers_;
  std::thread listener_;
};

// ------------------------------------------------------------------------------------------- reads

// From the pool, or a new one. Where PostgreSQL makes no more, one that another reader gives back.
std::unique_ptr<PostgresConnection> PostgresDatabase::take_connection() {
  const base::Micros end = base::system_clock().steady() + kReaderWaitMs * 1'000;
  bool refused = false;
  std::unique_lock lock(pool_mutex_);
  while (pool_.empty()) {
    if (!refused && pool_made_ < options_.readers) {
      ++pool_made_;
      ++pool_connecting_;
      lock.unlock();
      std::unique_ptr<PostgresConnection> connection;
      try {
        connection = connect();
      } catch (const Error&) {
        refused = true;
      }
      lock.lock();
      --pool_connecting_;
      if (connection) return connection;
      --pool_made_;
      pool_free_.notify_all();
      continue;
    }
    if (refused && pool_made_ == pool_connecting_) throw ConnectionLost();
    const base::Micros left = end - base::system_clock().steady();
    if (left <= 0) throw Error(Code::kUnavailable, "Too many requests at once; try again.");
    pool_free_.wait_for(lock, std::chrono::microseconds(left));
  }
  auto connection = std::move(pool_.back());
  pool_.pop_back();
  return connection;
}

void PostgresDatabase::give_connection(std::unique_ptr<PostgresConnection> connection) {
  const std::lock_guard lock(pool_mutex_);
  if (connection && !connection->broken()) {
    pool_.push_back(std::move(connection));
    pool_free_.notify_one();
  } else {
    --pool_made_;
    pool_free_.notify_all();  // nobody waits for the last one in vain
  }
}

// One that no reader needs at the moment, for good; null where there is none.
std::unique_ptr<PostgresConnection> PostgresDatabase::idle_connection() {
  const std::lock_guard lock(pool_mutex_);
  if (pool_.empty()) return nullptr;
  auto connection = std::move(pool_.back());
  pool_.pop_back();
  --pool_made_;
  return connection;
}

// A connection may have been lost while it lay in the pool, and so may the others there.
std::unique_ptr<PostgresConnection> PostgresDatabase::begin_pooled(BusinessKey business,
                                                                   const char* mode) {
  const base::Micros end = base::system_clock().steady() + kReaderWaitMs * 1'000;
  for (int others = options_.readers;; --others) {
    auto connection = take_connection();
    try {
      begin(*connection, business, mode);
      return connection;
    } catch (const ConnectionLost&) {
      give_connection(nullptr);
      if (others == 0 || base::system_clock().steady() >= end) throw;
    } catch (...) {
      give_connection(nullptr);
      throw;
    }
  }
}

void PostgresDatabase::run_read(BusinessKey business, const std::function<void(Tx&)>& body,
                                bool /*derived*/) {
  const base::Blocking blocking;  // each question is a trip to another process
  std::unique_ptr<PostgresConnection> connection =
      begin_pooled(business, "ISOLATION LEVEL REPEATABLE READ READ ONLY");
  struct Return {
    PostgresDatabase& database;
    std::unique_ptr<PostgresConnection>& connection;
    Return(PostgresDatabase& where, std::unique_ptr<PostgresConnection>& what)
        : database(where), connection(what) {}
    Return(const Return&) = delete;
    Return& operator=(const Return&) = delete;
    ~Return() {
      try {
        connection->set_deadline(nullptr, 0);
        if (!connection->broken()) connection->script("ROLLBACK");
      } catch (const Error&) {
        connection.reset();
      }
      database.give_connection(std::move(connection));
    }
  } const back(*this, connection);
  connection->set_deadline(options_.clock,
                           options_.clock->steady() + base::limits::kReadTransactionMs * 1'000);
  std::shared_ptr<void> no_memory;
  PostgresTx tx(*connection, business, Purpose::kRead, *options_.clock, no_memory);
  body(tx);
}

// ------------------------------------------------------------------------------------------ writes

void PostgresDatabase::begin_write(BusinessKey business, std::function<void(Tx&)> work, Ahead ahead,
                                   std::function<void(std::exception_ptr)> ended) {
  WriteJob job{.business = business,
               .body = std::move(work),
               .ahead = std::move(ahead),
               .ended = std::move(ended)};
  enqueue(mutex_, queue_, std::move(job), [this] {
    if (stopping_) throw Error(Code::kUnavailable, "The server is stopping; try again.");
  });
  work_.notify_one();
}

// The writes of one business that no other writer works for, in the order they came.
bool PostgresDatabase::take_group(std::vector<WriteJob*>& group) {
  const auto first_free = [this] {
    return std::find_if(queue_.begin(), queue_.end(),
                        [this](const WriteJob* job) { return !busy_.contains(job->business); });
  };
  std::unique_lock lock(mutex_);
  work_.wait(lock, [&] { return first_free() != queue_.end() || (stopping_ && queue_.empty()); });
  const auto first = first_free();
  if (first == queue_.end()) return false;
  const BusinessKey business = (*first)->business;
  std::deque<WriteJob*> rest;
  for (WriteJob* job : queue_) {
    if (job->business == business && group.size() < kGroupMax) {
      group.push_back(job);
    } else {
      rest.push_back(job);
    }
  }
  queue_ = std::move(rest);
  busy_.insert(business);
  return true;
}

void PostgresDatabase::give_back(std::vector<WriteJob*>& group, std::size_t from) {
  const std::lock_guard lock(mutex_);
  const auto first = group.begin() + static_cast<std::ptrdiff_t>(from);
  queue_.insert(queue_.begin(), first, group.end());
  group.erase(first, group.end());
}

// Those who came for the group's business while it was worked on.
void PostgresDatabase::take_waiting(std::vector<WriteJob*>& group) {
  const BusinessKey business = group.front()->business;
  const std::lock_guard lock(mutex_);
  std::deque<WriteJob*> rest;
  for (WriteJob* job : queue_) {
    if (job->business == business) {
      group.push_back(job);
    } else {
      rest.push_back(job);
    }
  }
  queue_ = std::move(rest);
}

// The connection that was used last, so that one business's writes need one alone; null: make one.
std::unique_ptr<PostgresConnection> PostgresDatabase::take_writing() {
  const std::lock_guard lock(mutex_);
  if (writing_.empty()) return nullptr;
  auto connection = std::move(writing_.back());
  writing_.pop_back();
  return connection;
}

// A new one; where PostgreSQL makes no more, one that readers leave.
std::unique_ptr<PostgresConnection> PostgresDatabase::connect_writing() {
  try {
    return connect();
  } catch (const ConnectionLost& lost) {
    auto connection = lost.said().empty() ? nullptr : idle_connection();
    if (!connection) throw;
    return connection;
  }
}

void PostgresDatabase::give_writing(std::unique_ptr<PostgresConnection> connection) {
  if (!connection) return;
  const std::lock_guard lock(mutex_);
  writing_.push_back(std::move(connection));
}

Memory& PostgresDatabase::memory_of(BusinessKey business) {
  const std::lock_guard lock(mutex_);
  return memories_[business];
}

void PostgresDatabase::write_loop() {
  std::vector<WriteJob*> group;
  while (true) {
    group.clear();
    if (!take_group(group)) return;  // stopping, and nothing is left
    const BusinessKey business = group.front()->business;
    std::unique_ptr<PostgresConnection> connection = take_writing();
    run_group(connection, group);
    give_writing(std::move(connection));
    {
      const std::lock_guard lock(mutex_);
      busy_.erase(business);
    }
    work_.notify_all();
  }
}

constexpr std::string_view kLockTurns = "LOCK TABLE turns IN ROW EXCLUSIVE MODE";
constexpr std::string_view kEnter =
    "SELECT set_config('annals.business', $1, true), set_config('lock_timeout', $2, true)";
constexpr std::string_view kTurn = R"(
  INSERT INTO turns (business, n) VALUES ($1, 1)
  ON CONFLICT (business) DO UPDATE SET n = turns.n + 1
  RETURNING n, set_config('lock_timeout', $2, true))";

// Waits longer for the turns of other servers than for a table that somebody has locked.
std::shared_ptr<PostgresAnswer> PostgresDatabase::begin_turn(PostgresConnection& connection,
                                                             BusinessKey business) {
  connection.set_patience(kBeginMs);
  connection.post("BEGIN", {});
  connection.post(kLockTurns, {});
  connection.post(kEnter,
                  std::initializer_list<Param>{std::to_string(business), std::to_string(kTurnMs)});
  connection.set_patience(kAnswerMs);
  return connection.post_ask(kTurn,
                             std::initializer_list<Param>{business, std::to_string(kTableLockMs)});
}

// Asks at once what the jobs are going to ask, and returns how many of them: those after were too
// many.
std::size_t PostgresDatabase::ask_ahead(PostgresConnection& connection, WriteGroup& group,
                                        Memory& memory, std::span<WriteJob* const> jobs) {
  constexpr int rounds = 2;  // the second for what the answers lead to
  for (int round = 0; round < rounds; ++round) {
    Questions questions(group.answers);
    for (std::size_t i = 0; i < jobs.size() && questions.size() < kQuestionsMax; ++i) {
      const WriteJob& job = *jobs[i];
      if (job.ahead) {
        PostgresTx tx(connection, job.business, Purpose::kRead, *options_.clock, memory.kept,
                      &group);
        job.ahead(tx, questions);
      }
      if (round == 0 && questions.size() >= kQuestionsMax) jobs = jobs.first(i + 1);
    }
    questions.ask(connection, jobs.front()->business, group.answers);
  }
  return jobs.size();
}

// Begins a transaction for the group, and asks what it is going to ask. Where no other server wrote
// of late it is taken for granted that none did now: all that goes in one trip.
void PostgresDatabase::prepare_group(PostgresConnection& connection, std::vector<WriteJob*>& group,
                                     WriteGroup& shared, Memory& memory) {
  const auto answer = begin_turn(connection, group.front()->business);
  bool asked = false;
  if (memory.undisturbed) {
    give_back(group, ask_ahead(connection, shared, memory, group));
    asked = true;
  }
  connection.settle();
  Rows rows = answer->rows();
  CHECK(rows.next());
  const std::int64_t before = rows->integer(0) - 1;
  memory.undisturbed = memory.turn == before;
  memory.turn = before;
  if (memory.undisturbed && asked) return;
  if (!memory.undisturbed) memory.forget();
  give_back(group, ask_ahead(connection, shared, memory, group));
}

// Runs the jobs in the transaction that was begun; how far the journal grew (0: it did not).
std::int64_t PostgresDatabase::run_jobs(PostgresConnection& connection,
                                        std::vector<WriteJob*>& group, WriteGroup& shared,
                                        Memory& memory) {
  const BusinessKey business = group.front()->business;
  const bool alone = group.size() == 1;
  std::int64_t pos = 0;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (bytes >= kGroupBytesMax) give_back(group, i);  // which ends this loop
    if (i == group.size()) break;
    WriteJob& job = *group[i];
    auto tx = std::make_unique<PostgresTx>(connection, business, Purpose::kWrite, *options_.clock,
                                           memory.kept, &shared);
    PostgresTx& running = *tx;
    job.tx = std::move(tx);
    job.error = nullptr;
    if (!alone) running.begin_write();
    try {
      job.body(running);
      if (!alone) running.end_write();
    } catch (const LockNotHad&) {
      throw;  // the next one would only wait for as long
    } catch (...) {
      job.error = std::current_exception();
      running.rolled_back();
      if (connection.broken()) throw ConnectionLost();
      if (alone) throw;
      if (!shared.pending.spoiled) running.roll_back_write();
    }
    if (shared.pending.spoiled) std::rethrow_exception(shared.pending.spoiled);
    pos = std::max(pos, running.journal_pos());
    bytes += running.journal_bytes();
    if (shared.pending.rows.waiting() >= kPostRows) {
      shared.pending.rows.post(connection);
      connection.push();
    }
  }
  shared.pending.rows.post(connection);
  connection.push();
  return pos;
}

constexpr std::string_view kApplied = "SELECT pos FROM applied WHERE business = $1";
constexpr std::string_view kApply = R"(
  INSERT INTO applied (business, pos) VALUES ($1, $2)
  ON CONFLICT (business) DO UPDATE SET pos = excluded.pos)";

// Derives the journal as far as `end`, and returns how far it is derived.
std::int64_t PostgresDatabase::derive(PostgresConnection& connection, BusinessKey business,
                                      WriteGroup& group, Memory& memory, std::int64_t end) {
  std::int64_t from = memory.applied;
  if (from < 0) {
    Rows rows = connection.query(kApplied, std::initializer_list<Param>{business});
    from = rows.next() ? rows->integer(0) : 0;
  }
  PostgresTx tx(connection, business, Purpose::kDerive, *options_.clock, memory.derived, &group);
  while (from < end) {
    const std::int64_t to = options_.derive(tx, from);
    if (to == from) break;
    from = to;
  }
  connection.post(kApply, std::initializer_list<Param>{business, from});
  return from;
}

// One transaction for the group. What it throws inside is in `cause`.
Outcome PostgresDatabase::try_group(std::unique_ptr<PostgresConnection>& connection,
                                    std::vector<WriteJob*>& group, std::exception_ptr& cause) {
  const BusinessKey business = group.front()->business;
  bool committing = false;
  const auto undo = [&] {
    // Latest first, so that what each remembers is put back in turn.
    for (auto it = group.rbegin(); it != group.rend(); ++it) {
      if ((*it)->tx) (*it)->tx->rolled_back();
    }
    memory_of(business).undo();
    if (connection && !connection->broken()) {
      try {
        connection->roll_back();
        return;
      } catch (const Error&) {
        base::log(base::Level::kWarn, "a transaction could not be rolled back");
      }
    }
    connection.reset();
  };
  try {
    if (!connection) connection = connect_writing();
    Memory& memory = memory_of(business);
    memory.answers.forget_appended();
    WriteGroup shared{.pending = {}, .answers = memory.answers};
    prepare_group(*connection, group, shared, memory);
    const std::int64_t pos = run_jobs(*connection, group, shared, memory);
    if (!shared.pending.rows.as_sent()) memory.forget_derived();
    std::int64_t applied = memory.applied;
    if (pos > 0 && options_.derive) applied = derive(*connection, business, shared, memory, pos);
    committing = true;
    connection->commit();
    ++memory.turn;
    memory.applied = applied;
    if (pos > 0) untold_ = true;
    return Outcome::kDone;
  } catch (const ConnectionLost& lost) {
    cause = std::current_exception();
    if (lost.before_last()) committing = false;
    const bool cut_off = connection != nullptr && !connection->gave_up();
    undo();
    if (!committing) return cut_off ? Outcome::kAgain : Outcome::kRefused;
    memory_of(business) = {};
    untold_ = true;
    cause = std::make_exception_ptr(
        Error(Code::kUnknownOutcome,
              "The database was lost while storing: it is not known whether this was stored. Try "
              "again with the same source and source_id."));
    return Outcome::kUnknown;
  } catch (const LockNotHad&) {
    cause = std::current_exception();
    undo();
    return Outcome::kRefused;
  } catch (const TransactionLost&) {
    cause = std::current_exception();
    undo();
    return Outcome::kAgain;
  } catch (...) {
    cause = std::current_exception();
    undo();
    return Outcome::kFailed;
  }
}

// False where the database is away or locked, so that other groups would fare no better.
bool PostgresDatabase::run_group(std::unique_ptr<PostgresConnection>& connection,
                                 std::vector<WriteJob*>& group) {
  std::exception_ptr cause;
  Outcome outcome = try_group(connection, group, cause);
  if (outcome == Outcome::kAgain) outcome = try_group(connection, group, cause);
  reachable_ = connection != nullptr;
  if (untold_) wake();
  if (outcome == Outcome::kDone) {
    for (WriteJob* job : group) {
      if (!job->error) job->tx->committed();
      job->finish();
    }
    return true;
  }
  const bool good = reachable_ && outcome != Outcome::kRefused && outcome != Outcome::kUnknown;
  if (good && group.size() > 1) {
    for (std::size_t i = 0; i < group.size(); ++i) {
      std::vector<WriteJob*> alone{group[i]};
      if (run_group(connection, alone)) continue;
      refuse({group.begin() + static_cast<std::ptrdiff_t>(i) + 1, group.end()},
             std::make_exception_ptr(ConnectionLost()));
      return false;
    }
    return true;
  }
  // Who came meanwhile would wait for as long, and then be told the same.
  if (outcome == Outcome::kRefused) take_waiting(group);
  refuse(group, cause);
  return good;
}

void PostgresDatabase::refuse(const std::vector<WriteJob*>& group,
                              const std::exception_ptr& cause) {
  for (WriteJob* job : group) {
    job->error = cause;
    job->finish();
  }
}

// ------------------------------------------------------------------------- news of other servers

void PostgresDatabase::tell() const {
  std::vector<std::function<void(std::int64_t)>> listeners;
  {
    const std::lock_guard lock(mutex_);
    listeners = listeners_;
  }
  for (const auto& listener : listeners) listener(0);
}

void PostgresDatabase::listen_loop() {
  while (!stopping_) {
    try {
      const auto connection = connect();
      connection->set_patience(kBeginMs);
      connection->script("SET annals.business = 0; LISTEN " + std::string(kChannel));
      reachable_ = true;
      listen(*connection);
    } catch (const Error&) {
      if (stopping_) return;
      reachable_ = false;
      base::log(base::Level::kWarn, "the database cannot be reached");
      rest(kListenPauseMs);
    }
  }
}

// Until `wake_` or, at most, for so long. What others send to `socket` ends it too.
void PostgresDatabase::rest(int wait_ms, int socket) const {
  std::array<pollfd, 2> waiting{pollfd{.fd = wake_, .events = POLLIN, .revents = 0},
                                pollfd{.fd = socket, .events = POLLIN, .revents = 0}};
  ::poll(waiting.data(), waiting.size(), wait_ms);
  eventfd_t count = 0;
  ::eventfd_read(wake_, &count);
}

constexpr std::string_view kTurns = "SELECT coalesce(sum(n), 0)::bigint FROM turns";

// After a commit the other servers are told by a connection that has nothing else to do: a NOTIFY
// inside of the transaction would have all commits of the database wait for one another. Who dies
// between the two tells nobody, so everybody looks now and then whether there were turns.
void PostgresDatabase::listen(PostgresConnection& connection) {
  std::int64_t turns = connection.integer(kTurns);
  base::Micros looked = base::system_clock().steady();
  tell();  // of what came while nobody listened
  while (!stopping_) {
    if (untold_.exchange(false)) {
      try {
        connection.script("NOTIFY " + std::string(kChannel));
      } catch (const Error&) {
        untold_ = true;
        throw;
      }
    }
    bool news = false;
    const base::Micros now = base::system_clock().steady();
    if (now - looked >= kLookMs * 1'000) {
      looked = now;
      const std::int64_t before = turns;
      turns = connection.integer(kTurns);
      news = turns != before;
    }
    if (PQconsumeInput(connection.handle()) == 0) throw ConnectionLost();
    while (PGnotify* notice = PQnotifies(connection.handle())) {
      PQfreemem(notice);
      news = true;
    }
    if (news) tell();
    rest(kLookMs, PQsocket(connection.handle()));
  }
}

// What is derived from the journal, with the row of `applied` that says how far.
constexpr std::array<std::string_view, 16> kForget = {
    "DELETE FROM heads WHERE business = $1",
    "DELETE FROM tree_hashes WHERE business = $1",
    "DELETE FROM timeline WHERE business = $1",
    "DELETE FROM timeline_all WHERE business = $1",
    "DELETE FROM entry_versions WHERE business = $1",
    "DELETE FROM delivery_events WHERE business = $1",
    "DELETE FROM entry_notes WHERE business = $1",
    "DELETE FROM attachment_uses WHERE business = $1",
    "DELETE FROM tally_zones WHERE business = $1",
    "DELETE FROM tally WHERE business = $1",
    "DELETE FROM entry_search WHERE business = $1",
    "DELETE FROM contact_search WHERE business = $1",
    "DELETE FROM contact_rows WHERE business = $1",
    "DELETE FROM contact_lists WHERE business = $1",
    "DELETE FROM contact_words WHERE business = $1",
    "DELETE FROM contact_tags WHERE business = $1"};
constexpr std::string_view kNotApplied = "UPDATE applied SET pos = 0 WHERE business = $1";
constexpr std::string_view kEnd = "SELECT coalesce(max(pos), 0) FROM journal WHERE business = $1";

}  // namespace

void forget_derived(Tx& tx) {
  // Only a transaction of this engine has its derived tables emptied so.
  static_cast<PostgresTx&>(tx).take_all_time();
  for (const std::string_view sql : kForget) tx.execute(sql, {tx.business()});
  tx.execute(kNotApplied, {tx.business()});
  Rows rows = tx.query(kEnd, {tx.business()});
  CHECK(rows.next());
  tx.journal_reaches(rows->integer(0), 0);
}

std::unique_ptr<Database> open_postgres(const std::string& url, const Options& options) {
  return std::make_unique<PostgresDatabase>(url, options);
}

}  // namespace annals::db
