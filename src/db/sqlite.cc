#include "db/sqlite.h"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/blocking.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/thread.h"
#include "db/blobs.h"
#include "db/business.h"
#include "db/db.h"
#include "db/folder_lock.h"
#include "db/sqlite_answers.h"
#include "db/sqlite_connection.h"
#include "db/sqlite_pending.h"
#include "db/sqlite_schema.h"
#include "db/sqlite_wal.h"
#include "db/write_job.h"
#include "db/write_parts.h"

namespace annals::db {
namespace {

namespace fs = std::filesystem;
using base::Code;
using base::Error;

constexpr std::size_t kGroupMax = 1'024;             // writes of one commit
constexpr std::size_t kGroupBytesMax = 1024 * 1024;  // of records; the last write may pass it
constexpr std::int64_t kPageBytes = 4096;
constexpr std::int64_t kDerivedWalBytesMax = 16LL * 1024 * 1024;
constexpr std::int64_t kReaderWaitMs = 1'000;   // for a free read connection
constexpr std::int64_t kDerivedWaitMs = 5'000;  // for the applier, before a read gives up
constexpr std::int64_t kReopenPauseMs = 500;    // between tries after the disk failed
constexpr int kBusyMs = 5'000;
// What is derived in one transaction writes a page that rows share once: the applier lets rows
// gather, until somebody is going to read.
constexpr std::int64_t kGatherRows = 256;
constexpr std::int64_t kGatherMs = 25;
// Nobody waits for the applier while everybody waits for a commit.
constexpr int kApplierNice = 2;
// While the derived file is made anew, pages that come again are kept.
constexpr const char* kCacheUsual = "PRAGMA cache_size=-32768";
constexpr const char* kCacheFarBehind = "PRAGMA cache_size=-262144";
// Readers map as much of a file as SQLite can (its SQLITE_MAX_MMAP_SIZE); of what lies beyond, the
// inner pages of the trees fit into the cache: 16 MiB.
constexpr std::string_view kReaderPragmas =
    "PRAGMA mmap_size=2147418112; PRAGMA cache_size=-16384; PRAGMA other.cache_size=-16384; "
    "PRAGMA query_only=ON";

using SqlitePending = Pending<SqlitePendingRows>;

// A transaction on a connection. `derived` is where query_derived() looks; `pending` is null where
// nothing waits to be sent, `answers` where nothing is remembered.
class SqliteTx final : public HookedTx {
 public:
  SqliteTx(SqliteConnection& connection, SqliteConnection& derived, BusinessKey business,
           bool writable, const base::Clock& clock, std::shared_ptr<void>& memory,
           SqlitePending* pending = nullptr, SqliteAnswers* answers = nullptr)
      : HookedTx(business, writable, clock, memory),
        connection_(connection),
        derived_(derived),
        pending_(pending),
        answers_(answers),
        parts_(connection, pending) {}

  [[nodiscard]] Engine engine() const override { return Engine::kSqlite; }
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
    return derived_.query(sql, params);
  }
  void insert(const InsertInto& into, std::span<const Param> values) override {
    before_change();
    connection_.insert(into, values);
  }
  void append(const InsertInto& into, std::span<const Param> values) override {
    if (pending_ == nullptr) {
      insert(into, values);
    } else {
      pending_->rows.add(into, values);
    }
  }

  [[nodiscard]] Rows look_up(const LookUp& what, const Param& key) override {
    if (answers_ == nullptr) return query(what.one, {business(), key});
    std::optional<Rows> known = answers_->find(what, business(), key);
    if (known) return std::move(*known);
    parts_.send(false);
    return answers_->ask(connection_, what, business(), key);
  }

  void forget_answer(const LookUp& what, const Param& key) override {
    if (answers_ != nullptr) answers_->forget(what, business(), key);
  }

  // For the writer, around a write that is not alone in its transaction.
  void begin_write() { begin_part(); }
  void end_write() { end_part(); }
  void roll_back_write() { roll_back_part(); }

 private:
  void before_change() {
    CHECK(writable());
    parts_.send(true);
    if (answers_ != nullptr) answers_->forget();
  }
  void begin_part() override { parts_.begin(); }
  void end_part() override { parts_.end(); }
  void roll_back_part() override {
    const bool undone = parts_.roll_back(connection_.in_transaction());
    if (undone && answers_ != nullptr) answers_->forget();
  }

  SqliteConnection& connection_;
  SqliteConnection& derived_;
  SqlitePending* pending_;
  SqliteAnswers* answers_;
  WriteParts<SqliteConnection, SqlitePendingRows> parts_;
};

using Job = WriteJob;

// What one commit appended to the journal.
struct JournalPart {
  std::int64_t pos = 0;  // its last position
  std::size_t bytes = 0;
  base::Micros committed_at = 0;  // steady
};

void refuse(const std::vector<Job*>& jobs, const Error& why) {
  for (Job* job : jobs) {
    job->error = std::make_exception_ptr(why);
    job->finish();
  }
}

constexpr const char* kDiskFull =
    "The disk is full; reading goes on. Nothing was stored: make room, and try again.";
constexpr const char* kDiskRefuses =
    "The disk does not take writes at the moment; reading goes on. Nothing was stored: try again.";

Code code_of(const std::exception_ptr& cause) {
  try {
    std::rethrow_exception(cause);
  } catch (const Error& error) {
    return error.code();
  } catch (...) {
    return Code::kInternal;
  }
}

// Whether it is the disk, and not what was asked of it, that made a transaction fail.
bool is_of_the_disk(Code code) {
  return code == Code::kUnknownOutcome || code == Code::kStorageFull || code == Code::kUnavailable;
}

class SqliteDatabase final : public Database {
 public:
  explicit SqliteDatabase(const Options& options)
      : options_(options),
        lock_(options.folder),
        memory_(nullptr),
        blobs_(options.folder + "/blobs") {
    prepare_files(options_.folder);
    open_writer();
    committed_ = writer_->integer("SELECT coalesce(max(pos), 0) FROM journal");
    open_applier();
    if (applied_ > committed_) {  // derived from another journal
      applier_connection_.reset();
      derived_reader_.reset();
      forget_derived(options_.folder);
      prepare_files(options_.folder);
      open_writer();
      open_applier();
    }
    writer_thread_ = std::thread([this] { write_loop(); });
    if (options_.derive) applier_thread_ = std::thread([this] { apply_loop(); });
  }

  ~SqliteDatabase() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    work_.notify_all();
    derived_moved_.notify_all();
    apply_.notify_all();
    writer_thread_.join();
    if (applier_thread_.joinable()) applier_thread_.join();
    checkpoint();  // there is no writer where the disk failed and has not come back
  }
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;

  [[nodiscard]] Blobs& blobs() override { return blobs_; }
  [[nodiscard]] std::int64_t lag() const override { return committed_ - applied_; }
  [[nodiscard]] bool writable() const override { return !disk_failed_ && !derived_failed_; }
  void on_journal(std::function<void(std::int64_t)> listener) override {
    const std::lock_guard lock(mutex_);
    listeners_.push_back(std::move(listener));
  }

  void begin_write(BusinessKey business, std::function<void(Tx&)> work, Ahead ahead,
                   std::function<void(std::exception_ptr)> ended) override;

 protected:
  void run_read(BusinessKey business, const std::function<void(Tx&)>& body, bool derived) override;

 private:
  std::unique_ptr<SqliteConnection> open(const std::string& path, const char* vfs = nullptr) const {
    auto connection = std::make_unique<SqliteConnection>(path, SQLITE_OPEN_READWRITE, vfs);
    sqlite3_busy_timeout(connection->handle(), kBusyMs);
    connection->script("PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY;");
    // One connection alone checkpoints: 3.40.1 can corrupt a WAL that two reset at once.
    connection->script("PRAGMA wal_autocheckpoint=0");
    sqlite3_db_config(connection->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    return connection;
  }
  static void attach(SqliteConnection& connection, const std::string& path) {
    connection.execute("ATTACH $1 AS other", std::initializer_list<Param>{path});
  }

  void open_writer() {
    writer_ = open(primary_path(options_.folder), gathering_vfs());
    writer_->script("PRAGMA synchronous=FULL; PRAGMA cache_size=-65536;");
    CHECK(writer_->integer("PRAGMA synchronous") == 2);
    derived_reader_ = open(derived_path(options_.folder));
    sqlite3_wal_hook(
        writer_->handle(),
        [](void* self, sqlite3*, const char*, int pages) {
          static_cast<SqliteDatabase*>(self)->wal_pages_ = pages;
          return SQLITE_OK;
        },
        this);
  }

  void open_applier() {
    applier_connection_ = open(derived_path(options_.folder), gathering_vfs());
    attach(*applier_connection_, primary_path(options_.folder));
    const std::int64_t pages = std::min(options_.wal_bytes_max, kDerivedWalBytesMax) / kPageBytes;
    applier_connection_->script("PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=" +
                                std::to_string(pages));
    applier_connection_->script(kCacheUsual);
    cache_grown_ = false;
    applied_ = applier_connection_->integer("SELECT pos FROM applied");
  }

  [[nodiscard]] Error disk_refuses() const {
    return disk_full_ ? Error(Code::kStorageFull, kDiskFull)
                      : Error(Code::kUnavailable, kDiskRefuses);
  }

  void write_loop();
  bool take_group(std::vector<Job*>& group);
  bool derived_is_far_behind() const;
  bool wait_for_applier();
  void give_back(std::vector<Job*>& group, std::size_t from);
  void checkpoint();
  void run_group(std::vector<Job*> group, bool careful = false);
  void run_job(Job& job, bool alone, SqlitePending* pending);
  void roll_back_group(const std::vector<Job*>& group, bool careful,
                       const std::exception_ptr& cause);
  void retry_alone(const std::vector<Job*>& group);
  void publish(const std::vector<Job*>& group);
  void recover_disk();
  void apply_loop();
  bool apply_batch();
  void fit_cache();
  void roll_back_batch();
  void wait_derived();
  std::unique_ptr<SqliteConnection> take_reader();
  void give_reader(std::unique_ptr<SqliteConnection> reader);

  const Options options_;
  const FolderLock lock_;
  std::shared_ptr<void> memory_;
  FileBlobs blobs_;

  std::unique_ptr<SqliteConnection> writer_;
  std::unique_ptr<SqliteConnection> derived_reader_;  // the writer's view of derived tables
  SqliteAnswers answers_;                             // of the writer
  int wal_pages_ = 0;

  std::mutex mutex_;
  std::condition_variable work_;  // for writer and applier: there is something to do
  std::deque<Job*> queue_;
  std::vector<std::function<void(std::int64_t)>> listeners_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> disk_failed_ = false;
  std::atomic<bool> disk_full_ = false;       // it failed for that
  std::atomic<bool> derived_failed_ = false;  // the disk took the journal, not what it implies

  std::atomic<std::int64_t> committed_ = 0;  // the journal's last durable position
  std::atomic<std::int64_t> applied_ = 0;    // the last position that derived tables have
  std::mutex derived_mutex_;
  std::condition_variable derived_moved_;
  std::condition_variable apply_;  // for the applier
  int derived_waiting_ = 0;        // reads that wait for it
  std::deque<JournalPart> tail_;   // what is committed and not derived, by commits
  std::size_t tail_bytes_ = 0;
  std::unique_ptr<SqliteConnection> applier_connection_;
  bool cache_grown_ = false;

  std::mutex readers_mutex_;
  std::condition_variable reader_free_;
  std::vector<std::unique_ptr<SqliteConnection>> readers_;
  int readers_made_ = 0;

  std::thread writer_thread_;
  std::thread applier_thread_;
};

// Asking ahead spares nothing where the engine is in the same process.
void SqliteDatabase::begin_write(BusinessKey business, std::function<void(Tx&)> work, Ahead ahead,
                                 std::function<void(std::exception_ptr)> ended) {
  WriteJob job{.business = business,
               .body = std::move(work),
               .ahead = std::move(ahead),
               .ended = std::move(ended)};
  enqueue(mutex_, queue_, std::move(job), [this] {
    if (stopping_) throw Error(Code::kUnavailable, "The server is stopping; try again.");
    if (!writable()) throw disk_refuses();
  });
  work_.notify_all();
}

bool SqliteDatabase::take_group(std::vector<Job*>& group) {
  std::unique_lock lock(mutex_);
  work_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
  while (!queue_.empty() && group.size() < kGroupMax) {
    group.push_back(queue_.front());
    queue_.pop_front();
  }
  return !group.empty();
}

bool SqliteDatabase::derived_is_far_behind() const {
  return lag() >= static_cast<std::int64_t>(base::limits::kApplierLagEntriesMax) ||
         tail_bytes_ >= base::limits::kApplierLagBytesMax;
}

// Back-pressure: the derived tables must not fall behind without end. False where they did not
// come nearer in time.
bool SqliteDatabase::wait_for_applier() {
  if (!options_.derive) return true;
  std::unique_lock lock(derived_mutex_);
  return derived_moved_.wait_for(lock, std::chrono::milliseconds(kDerivedWaitMs),
                                 [this] { return stopping_ || !derived_is_far_behind(); });
}

void SqliteDatabase::checkpoint() {
  try {
    if (writer_) writer_->script("PRAGMA wal_checkpoint(PASSIVE)");
  } catch (const Error&) {
    base::log(base::Level::kWarn, "checkpoint failed");
  }
  wal_pages_ = 0;
}

void SqliteDatabase::write_loop() {
  base::name_thread("writer");
  std::vector<Job*> group;
  while (true) {
    group.clear();
    if (!take_group(group)) return;  // stopping, and nothing is left
    if (derived_failed_) {
      refuse(group, disk_refuses());
      continue;
    }
    if (!wait_for_applier()) {
      refuse(group, Error(Code::kUnavailable,
                          "The index is being brought up to date; nothing was stored. Try again."));
      continue;
    }
    run_group(group);
    if (disk_failed_) recover_disk();
    if (wal_pages_ * kPageBytes > options_.wal_bytes_max) checkpoint();
  }
}

// Leaves the jobs before `from`; the others are first in the queue again.
void SqliteDatabase::give_back(std::vector<Job*>& group, std::size_t from) {
  const std::lock_guard lock(mutex_);
  const auto first = group.begin() + static_cast<std::ptrdiff_t>(from);
  queue_.insert(queue_.begin(), first, group.end());
  group.erase(first, group.end());
}

void SqliteDatabase::run_job(Job& job, bool alone, SqlitePending* pending) {
  auto made = std::make_unique<SqliteTx>(*writer_, *derived_reader_, job.business, true,
                                         *options_.clock, memory_, pending, &answers_);
  SqliteTx& tx = *made;
  job.tx = std::move(made);
  job.error = nullptr;
  if (!alone) tx.begin_write();
  try {
    job.body(tx);
    if (!alone) tx.end_write();
  } catch (...) {
    job.error = std::current_exception();
    tx.rolled_back();
    if (!alone) tx.roll_back_write();
  }
  if (pending != nullptr && pending->spoiled) std::rethrow_exception(pending->spoiled);
  // A disk error ends the whole transaction, whatever statement met it.
  if (!writer_->in_transaction()) {
    if (job.error) std::rethrow_exception(job.error);
    throw Error(Code::kUnknownOutcome, "The disk failed in the midst of a write.");
  }
}

// `careful`: nothing waits to be sent, so that what fails is told to the write that it is of.
void SqliteDatabase::run_group(std::vector<Job*> group, bool careful) {
  const bool alone = group.size() == 1;
  SqlitePending pending;
  try {
    writer_->execute("BEGIN IMMEDIATE");
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < group.size(); ++i) {
      if (bytes >= kGroupBytesMax) give_back(group, i);  // which ends this loop
      if (i == group.size()) break;
      run_job(*group[i], alone, careful ? nullptr : &pending);
      bytes += group[i]->tx->journal_bytes();
    }
    if (alone && group.front()->error) {
      answers_.forget();
      writer_->execute("ROLLBACK");
    } else {
      pending.rows.send(*writer_, pending.rows.mark());
      writer_->execute("COMMIT");
    }
  } catch (...) {
    roll_back_group(group, careful, std::current_exception());
    return;
  }
  answers_.forget_appended();
  publish(group);
}

void SqliteDatabase::roll_back_group(const std::vector<Job*>& group, bool careful,
                                     const std::exception_ptr& cause) {
  answers_.forget();
  try {
    if (writer_->in_transaction()) writer_->execute("ROLLBACK");
  } catch (const Error&) {
    base::log(base::Level::kError, "rollback failed");
  }
  // Latest first, so that what each remembers is put back in turn.
  for (auto it = group.rbegin(); it != group.rend(); ++it) {
    if ((*it)->tx) (*it)->tx->rolled_back();
  }
  if (is_of_the_disk(code_of(cause))) {
    base::log(base::Level::kError, "the disk failed a commit");
    disk_full_ = code_of(cause) == Code::kStorageFull;
    disk_failed_ = true;
  } else if (!careful) {
    retry_alone(group);
    return;
  }
  for (Job* job : group) {
    job->error = cause;
    job->finish();
  }
}

void SqliteDatabase::retry_alone(const std::vector<Job*>& group) {
  for (Job* job : group) {
    if (disk_failed_) {
      refuse({job}, disk_refuses());
    } else {
      run_group({job}, true);
    }
  }
}

void SqliteDatabase::publish(const std::vector<Job*>& group) {
  std::int64_t pos = 0;
  std::size_t bytes = 0;
  for (const Job* job : group) {
    pos = std::max(pos, job->tx->journal_pos());
    bytes += job->tx->journal_bytes();
  }
  if (pos > 0) {
    {
      const std::lock_guard lock(derived_mutex_);
      committed_ = pos;
      if (options_.derive) {
        tail_.push_back({pos, bytes, options_.clock->steady()});
        tail_bytes_ += bytes;
      }
    }
    apply_.notify_one();
  }
  for (Job* job : group) {
    if (!job->error) job->tx->committed();
    job->finish();
  }
  if (pos > 0) {
    std::vector<std::function<void(std::int64_t)>> listeners;
    {
      const std::lock_guard lock(mutex_);
      listeners = listeners_;
    }
    for (const auto& listener : listeners) listener(pos);
  }
}

// After an error of the disk the writer's connection may hold a state that is not on it. It is
// opened anew, and what it remembered is read anew, until a write works again.
void SqliteDatabase::recover_disk() {
  while (true) {
    try {
      memory_.reset();
      writer_.reset();
      open_writer();
      writer_->script("BEGIN IMMEDIATE; UPDATE probe SET n = n + 1; COMMIT;");
      const std::int64_t pos = writer_->integer("SELECT coalesce(max(pos), 0) FROM journal");
      {
        const std::lock_guard lock(derived_mutex_);
        committed_ = pos;
      }
      apply_.notify_all();
      disk_failed_ = false;
      base::log(base::Level::kInfo, "the disk takes writes again");
      return;
    } catch (const Error&) {
      std::unique_lock lock(mutex_);
      refuse({queue_.begin(), queue_.end()}, disk_refuses());
      queue_.clear();
      if (work_.wait_for(lock, std::chrono::milliseconds(kReopenPauseMs),
                         [this] { return stopping_.load(); })) {
        return;
      }
    }
  }
}

void SqliteDatabase::fit_cache() {
  const bool far = lag() >= base::limits::kFarBehindRows;
  if (far == cache_grown_) return;
  applier_connection_->script(far ? kCacheFarBehind : kCacheUsual);
  cache_grown_ = far;
}

bool SqliteDatabase::apply_batch() {
  const std::int64_t from = applied_;
  std::shared_ptr<void> no_memory;
  SqliteConnection& connection = *applier_connection_;
  try {
    fit_cache();
    connection.execute("BEGIN");
    SqliteTx tx(connection, connection, kNoBusiness, true, *options_.clock, no_memory);
    const std::int64_t to = options_.derive(tx, from);
    if (to > from) {
      connection.execute("UPDATE applied SET pos = $1", std::initializer_list<Param>{to});
    }
    connection.execute("COMMIT");
    std::vector<JournalPart> derived;
    {
      const std::lock_guard lock(derived_mutex_);
      applied_ = to;
      while (!tail_.empty() && tail_.front().pos <= to) {
        tail_bytes_ -= tail_.front().bytes;
        derived.push_back(tail_.front());
        tail_.pop_front();
      }
      derived_failed_ = false;
    }
    derived_moved_.notify_all();
    if (options_.on_derived) {
      const base::Micros now = options_.clock->steady();
      for (const JournalPart& part : derived) options_.on_derived(now - part.committed_at);
    }
    return true;
  } catch (const std::exception& error) {
    const auto* known = dynamic_cast<const Error*>(&error);
    base::log(
        base::Level::kError, "derived tables could not be written",
        {{"reason", std::string_view(known != nullptr ? known->what() : "bug")}, {"after", from}});
    roll_back_batch();
    if (known != nullptr && is_of_the_disk(known->code())) {
      const std::lock_guard lock(derived_mutex_);
      disk_full_ = known->code() == Code::kStorageFull;
      derived_failed_ = true;
    }
    derived_moved_.notify_all();
    return false;
  }
}

void SqliteDatabase::roll_back_batch() {
  try {
    if (applier_connection_->in_transaction()) applier_connection_->execute("ROLLBACK");
  } catch (const Error&) {
    base::log(base::Level::kError, "rollback of derived tables failed");
  }
}

void SqliteDatabase::apply_loop() {
  base::name_thread("applier");
  base::stand_back(kApplierNice);
  while (true) {
    {
      std::unique_lock lock(derived_mutex_);
      apply_.wait(lock, [this] { return stopping_ || applied_ < committed_; });
      apply_.wait_for(lock, std::chrono::milliseconds(kGatherMs),
                      [this] { return stopping_ || derived_waiting_ > 0 || lag() >= kGatherRows; });
      if (stopping_) return;
    }
    if (!apply_batch()) {
      std::unique_lock lock(derived_mutex_);
      derived_moved_.wait_for(lock, std::chrono::milliseconds(kReopenPauseMs),
                              [this] { return stopping_.load(); });
    }
  }
}

// Read your writes: whoever reads sees all that was committed before. While the disk takes no
// writes that cannot be had for the last few: then a read sees what was derived before.
void SqliteDatabase::wait_derived() {
  if (!options_.derive) return;
  const std::int64_t target = committed_;
  if (applied_ >= target) return;
  const base::Blocking blocking;
  std::unique_lock lock(derived_mutex_);
  ++derived_waiting_;
  apply_.notify_one();
  const bool moved = derived_moved_.wait_for(lock, std::chrono::milliseconds(kDerivedWaitMs), [&] {
    return stopping_ || derived_failed_ || applied_ >= target;
  });
  --derived_waiting_;
  if (!moved) {
    throw Error(Code::kUnavailable,
                "The index is being brought up to date; try again in a few seconds.");
  }
}

std::unique_ptr<SqliteConnection> SqliteDatabase::take_reader() {
  std::unique_lock lock(readers_mutex_);
  if (readers_.empty() && readers_made_ < options_.readers) {
    ++readers_made_;
    lock.unlock();
    try {
      auto reader = open(primary_path(options_.folder));
      attach(*reader, derived_path(options_.folder));
      reader->script(std::string(kReaderPragmas));
      return reader;
    } catch (...) {
      lock.lock();
      --readers_made_;
      throw;
    }
  }
  if (!reader_free_.wait_for(lock, std::chrono::milliseconds(kReaderWaitMs),
                             [this] { return !readers_.empty(); })) {
    throw Error(Code::kUnavailable, "Too many readers at once; try again.");
  }
  auto reader = std::move(readers_.back());
  readers_.pop_back();
  return reader;
}

void SqliteDatabase::give_reader(std::unique_ptr<SqliteConnection> reader) {
  {
    const std::lock_guard lock(readers_mutex_);
    readers_.push_back(std::move(reader));
  }
  reader_free_.notify_one();
}

void SqliteDatabase::run_read(BusinessKey business, const std::function<void(Tx&)>& body,
                              bool derived) {
  if (derived) wait_derived();
  std::unique_ptr<SqliteConnection> reader = take_reader();
  struct Return {
    SqliteDatabase& database;
    std::unique_ptr<SqliteConnection>& reader;
    Return(SqliteDatabase& d, std::unique_ptr<SqliteConnection>& r) : database(d), reader(r) {}
    Return(const Return&) = delete;
    Return& operator=(const Return&) = delete;
    ~Return() {
      try {
        reader->set_deadline(nullptr, 0);
        if (reader->in_transaction()) reader->execute("ROLLBACK");
      } catch (const Error&) {
        base::log(base::Level::kWarn, "a read transaction could not be ended");
      }
      database.give_reader(std::move(reader));
    }
  } const back{*this, reader};
  reader->set_deadline(options_.clock,
                       options_.clock->steady() + base::limits::kReadTransactionMs * 1'000);
  reader->execute("BEGIN");
  // The two files have a snapshot each. Taking the derived one first makes sure that every journal
  // row that it points at is there.
  static_cast<void>(reader->integer("SELECT pos FROM applied"));
  static_cast<void>(reader->integer("SELECT count(*) FROM businesses WHERE business = 0"));
  SqliteTx tx(*reader, *reader, business, false, *options_.clock, memory_);
  body(tx);
}

}  // namespace

std::unique_ptr<Database> open_sqlite(const Options& options) {
  std::error_code ec;
  fs::create_directories(options.folder, ec);
  if (ec) {
    throw base::invalid("data", "not_writable",
                        "The folder " + options.folder + " cannot be made: " + ec.message() + ".");
  }
  ::chmod(options.folder.c_str(), 0700);
  return std::make_unique<SqliteDatabase>(options);
}

}  // namespace annals::db
