#include "bench/bare_tables.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <filesystem>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "base/id.h"
#include "bench/clock.h"
#include "bench/raw_sqlite.h"
#include "bench/values.h"
#include "db/db.h"
#include "db/sqlite_schema.h"

namespace annals::bench {
namespace {

constexpr std::int64_t kPageBytes = 4096;
constexpr std::int64_t kDerivedWalBytesMax = 16LL * 1024 * 1024;
constexpr std::size_t kBatchRows = 1'000;
constexpr std::size_t kWaitingRowsMax = 20'000;

constexpr std::string_view kJournal =
    "INSERT INTO journal (pos, business, contact, entry, version, kind, contact_seq, leaf_index, "
    "recorded_at, occurred_at, record, salt, leaf, draft_digest) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
constexpr std::string_view kIdempotency = "INSERT INTO idempotency (h, key, pos) VALUES (?, ?, ?)";

constexpr std::string_view kTimelineColumns =
    " (business, contact, occurred_at, pos, recorded_at, category, type, method, direction, "
    "status, actor_kind, manual, has_attachment) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
constexpr std::string_view kVersions =
    "INSERT INTO entry_versions (business, entry, version, pos) VALUES (?, ?, ?, ?)";
constexpr std::string_view kWords = "INSERT INTO entry_search (rowid, words) VALUES (?, ?)";
constexpr std::string_view kHeads =
    "INSERT INTO heads (business, contact, seq, recorded_at) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (business, contact) "
    "DO UPDATE SET seq = excluded.seq, recorded_at = excluded.recorded_at";
constexpr std::string_view kTally =
    "INSERT INTO tally (business, day, category, type, contact_type, method, direction, status, "
    "actor_kind, staff, manual, has_attachment, author, views, n) "
    "VALUES (?, ?, ?, ?, '', ?, ?, ?, 'none', x'', 0, 0, x'', '', ?) "
    "ON CONFLICT (business, day, category, type, contact_type, method, direction, status, "
    "actor_kind, staff, manual, has_attachment, author, views) "
    "DO UPDATE SET n = tally.n + excluded.n";

using TallyKey = std::tuple<std::int64_t, std::string_view, std::string_view, std::string_view,
                            std::string_view, std::string_view>;

}  // namespace

// ---------------------------------------------------------------------------------------- journal

struct JournalWriter::Parts {
  explicit Parts(const std::string& folder)
      : connection(db::primary_path(folder)),
        begin(connection, "BEGIN IMMEDIATE"),
        journal(connection, kJournal),
        idempotency(connection, kIdempotency),
        end(connection, "COMMIT") {}
  Connection connection;
  Statement begin;
  Statement journal;
  Statement idempotency;
  Statement end;
  std::int64_t pos = 0;
  std::uint64_t first = 0;
  std::int64_t wal_pages = 0;
};

JournalWriter::JournalWriter(const std::string& folder) : parts_(std::make_unique<Parts>(folder)) {
  Parts& parts = *parts_;
  parts.connection.script("PRAGMA synchronous=FULL; PRAGMA cache_size=-65536;");
  parts.pos = parts.connection.integer("SELECT coalesce(max(pos), 0) FROM journal");
  parts.first = static_cast<std::uint64_t>(parts.pos);
  sqlite3_wal_hook(
      parts.connection.handle(),
      [](void* pages, sqlite3*, const char*, int now) {
        *static_cast<std::int64_t*>(pages) = now;
        return SQLITE_OK;
      },
      &parts.wal_pages);
}
JournalWriter::~JournalWriter() = default;

void JournalWriter::commit(std::span<const Row* const> rows) {
  Parts& parts = *parts_;
  parts.begin.run();
  for (const Row* row : rows) {
    ++parts.pos;
    parts.journal.bind(1, parts.pos)
        .bind(2, kBusiness)
        .bind(3, row->contact.bytes)
        .bind(4, row->entry.bytes)
        .bind(5, std::int64_t{1})
        .bind(6, std::int64_t{1})
        .bind(7, row->contact_seq)
        .bind(8, row->leaf_index)
        .bind(9, row->recorded_at)
        .bind(10, row->occurred_at)
        .bind(11, row->record)
        .bind(12, row->salt)
        .bind(13, row->leaf)
        .bind(14, row->draft_digest)
        .run();
    parts.idempotency.bind(1, row->hash).bind(2, row->hash_key).bind(3, parts.pos).run();
  }
  parts.end.run();
}

void JournalWriter::checkpoint_if_due() {
  if (parts_->wal_pages * kPageBytes <= db::kWalBytesMax) return;
  parts_->connection.script("PRAGMA wal_checkpoint(PASSIVE)");
  parts_->wal_pages = 0;
}

std::uint64_t JournalWriter::first_number() const { return parts_->first; }

// ---------------------------------------------------------------------------------------- derived

struct Applier::Parts {
  explicit Parts(const std::string& folder)
      : connection(db::derived_path(folder)),
        begin(connection, "BEGIN"),
        timeline(connection, "INSERT INTO timeline" + std::string(kTimelineColumns)),
        timeline_all(connection, "INSERT INTO timeline_all" + std::string(kTimelineColumns)),
        versions(connection, kVersions),
        words(connection, kWords),
        heads(connection, kHeads),
        tally(connection, kTally),
        applied(connection, "UPDATE applied SET pos = ?"),
        end(connection, "COMMIT") {}

  void loop();
  void apply(std::span<Row> rows);
  void insert(Statement& into, const Row& row) const;

  struct Group {
    std::int64_t committed_at = 0;
    std::vector<Row> rows;
  };

  Connection connection;
  Statement begin;
  Statement timeline;
  Statement timeline_all;
  Statement versions;
  Statement words;
  Statement heads;
  Statement tally;
  Statement applied;
  Statement end;
  std::int64_t pos = 0;
  Histogram lag{};

  std::mutex mutex{};
  std::condition_variable moved{};
  std::deque<Group> waiting{};
  std::size_t waiting_rows = 0;  // of which the applier has some in hand
  bool stopping = false;
  std::exception_ptr failure{};
  std::thread thread{};
};

void Applier::Parts::insert(Statement& into, const Row& row) const {
  into.bind(1, kBusiness)
      .bind(2, row.contact.bytes)
      .bind(3, row.occurred_at)
      .bind(4, pos)
      .bind(5, row.recorded_at)
      .bind(6, row.category)
      .bind(7, row.type)
      .bind_maybe(8, row.method)
      .bind_maybe(9, row.direction)
      .bind_maybe(10, row.status)
      .bind(11, std::string_view("none"))
      .bind(12, std::int64_t{0})
      .bind(13, std::int64_t{0})
      .run();
}

void Applier::Parts::apply(std::span<Row> rows) {
  std::map<base::Id, const Row*> latest;
  std::map<TallyKey, std::int64_t> counts;
  begin.run();
  for (const Row& row : rows) {
    ++pos;
    insert(timeline, row);
    insert(timeline_all, row);
    versions.bind(1, kBusiness)
        .bind(2, row.entry.bytes)
        .bind(3, std::int64_t{1})
        .bind(4, pos)
        .run();
    words.bind(1, pos).bind(2, std::string_view(row.words)).run();
    latest[row.contact] = &row;
    ++counts[{row.day, row.category, row.type, row.method, row.direction, row.status}];
  }
  latest[base::Id{}] = &rows.back();
  for (const auto& [contact, row] : latest) {
    heads.bind(1, kBusiness).bind(2, contact.bytes).bind(3, row->contact_seq);
    heads.bind(4, row->recorded_at).run();
  }
  for (const auto& [key, n] : counts) {
    const auto& [day, category, type, method, direction, status] = key;
    tally.bind(1, kBusiness).bind(2, day).bind(3, category).bind(4, type).bind(5, method);
    tally.bind(6, direction).bind(7, status).bind(8, n).run();
  }
  applied.bind(1, pos).run();
  end.run();
}

void Applier::Parts::loop() {
  std::vector<Row> batch;
  std::vector<std::pair<std::int64_t, std::size_t>> commits;  // when, rows
  while (true) {
    batch.clear();
    commits.clear();
    {
      std::unique_lock lock(mutex);
      moved.wait(lock, [this] { return stopping || !waiting.empty(); });
      if (waiting.empty()) return;
      while (!waiting.empty() && batch.size() < kBatchRows) {
        Group& group = waiting.front();
        commits.emplace_back(group.committed_at, group.rows.size());
        std::move(group.rows.begin(), group.rows.end(), std::back_inserter(batch));
        waiting.pop_front();
      }
    }
    try {
      apply(batch);
    } catch (...) {
      const std::lock_guard lock(mutex);
      failure = std::current_exception();
      waiting_rows = 0;
      moved.notify_all();
      return;
    }
    const std::int64_t now = now_ns();
    const std::lock_guard lock(mutex);
    for (const auto& [at, rows] : commits) {
      for (std::size_t i = 0; i < rows; ++i) lag.record(now - at);
    }
    waiting_rows -= batch.size();
    moved.notify_all();
  }
}

Applier::Applier(const std::string& folder) : parts_(std::make_unique<Parts>(folder)) {
  Parts& parts = *parts_;
  parts.connection.script("PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=" +
                          std::to_string(kDerivedWalBytesMax / kPageBytes));
  parts.pos = parts.connection.integer("SELECT pos FROM applied");
  parts.thread = std::thread([&parts] { parts.loop(); });
}

Applier::~Applier() {
  {
    const std::lock_guard lock(parts_->mutex);
    parts_->stopping = true;
  }
  parts_->moved.notify_all();
  parts_->thread.join();
}

void Applier::give(std::vector<Row> rows) {
  std::unique_lock lock(parts_->mutex);
  parts_->moved.wait(lock, [this] { return parts_->waiting_rows < kWaitingRowsMax; });
  if (parts_->failure) std::rethrow_exception(parts_->failure);
  parts_->waiting_rows += rows.size();
  parts_->waiting.push_back({now_ns(), std::move(rows)});
  lock.unlock();
  parts_->moved.notify_all();
}

void Applier::drain() {
  std::unique_lock lock(parts_->mutex);
  parts_->moved.wait(lock, [this] { return parts_->waiting_rows == 0; });
  if (parts_->failure) std::rethrow_exception(parts_->failure);
}

const Histogram& Applier::lag() const { return parts_->lag; }

// ----------------------------------------------------------------------------------------- folder

void prepare_folder(const std::string& folder) {
  std::filesystem::create_directories(folder);
  db::prepare_files(folder);
}

std::vector<base::Id> contacts_of(const std::string& folder, std::size_t count) {
  std::vector<base::Id> contacts;
  {
    Connection connection(db::derived_path(folder));
    Statement statement(connection, "SELECT contact FROM heads WHERE contact <> zeroblob(16)");
    while (statement.step()) {
      const std::span<const std::uint8_t> bytes = statement.blob(0);
      base::Id& id = contacts.emplace_back();
      std::copy_n(bytes.begin(), std::min(bytes.size(), id.bytes.size()), id.bytes.begin());
    }
  }
  return contacts.empty() ? make_contacts(count) : contacts;
}

}  // namespace annals::bench
