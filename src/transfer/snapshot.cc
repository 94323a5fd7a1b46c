#include "transfer/snapshot.h"

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/encoding.h"
#include "base/error.h"

namespace annals::transfer {
namespace {

constexpr std::int64_t kApplicationId = 0x414E4E4C;  // as db/ writes it into the header
constexpr int kPagesPerStep = 4'096;
constexpr int kBusyMs = 10'000;

struct Close {
  void operator()(sqlite3* handle) const { sqlite3_close(handle); }
};
using Handle = std::unique_ptr<sqlite3, Close>;

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

base::Error damaged(const std::string& path, const std::string& what) {
  return base::conflict(path, "damaged", path + ": " + what);
}

Handle open(const std::string& path, int flags) {
  sqlite3* raw = nullptr;
  const int result = sqlite3_open_v2(path.c_str(), &raw, flags | SQLITE_OPEN_EXRESCODE, nullptr);
  Handle handle(raw);
  if (result != SQLITE_OK) throw damaged(path, "cannot be opened as a database");
  sqlite3_busy_timeout(raw, kBusyMs);
  return handle;
}

// Rows of a query, whose columns are read by position.
class Statement {
 public:
  Statement(const Handle& handle, const std::string& path, const char* sql) : path_(path) {
    sqlite3_stmt* raw = nullptr;
    if (sqlite3_prepare_v2(handle.get(), sql, -1, &raw, nullptr) != SQLITE_OK) {
      throw damaged(path, sqlite3_errmsg(handle.get()));
    }
    statement_.reset(raw);
  }
  [[nodiscard]] bool next() {
    const int result = sqlite3_step(statement_.get());
    if (result == SQLITE_ROW) return true;
    if (result == SQLITE_DONE) return false;
    throw damaged(path_, sqlite3_errstr(result));
  }
  [[nodiscard]] std::int64_t integer(int column) const {
    return sqlite3_column_int64(statement_.get(), column);
  }
  [[nodiscard]] std::string text(int column) const {
    const unsigned char* bytes = sqlite3_column_text(statement_.get(), column);
    const int count = sqlite3_column_bytes(statement_.get(), column);
    return std::string(base::as_text({bytes, static_cast<std::size_t>(count)}));
  }
  [[nodiscard]] std::string hex(int column) const {
    const auto* bytes =
        static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_.get(), column));
    const int count = sqlite3_column_bytes(statement_.get(), column);
    return base::hex({bytes, static_cast<std::size_t>(count)});
  }

 private:
  std::string path_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

std::int64_t integer(const Handle& handle, const std::string& path, const char* sql) {
  Statement statement(handle, path, sql);
  return statement.next() ? statement.integer(0) : 0;
}

void copy_pages(const Handle& source, const Handle& target, const std::string& from,
                const std::string& to) {
  sqlite3_backup* backup = sqlite3_backup_init(target.get(), "main", source.get(), "main");
  if (backup == nullptr) throw damaged(to, sqlite3_errmsg(target.get()));
  int result = SQLITE_OK;
  do {
    result = sqlite3_backup_step(backup, kPagesPerStep);
    if (result == SQLITE_BUSY || result == SQLITE_LOCKED) sqlite3_sleep(10);
  } while (result == SQLITE_OK || result == SQLITE_BUSY || result == SQLITE_LOCKED);
  sqlite3_backup_finish(backup);
  if (result == SQLITE_DONE) return;
  if ((result & 0xFF) == SQLITE_FULL) {
    throw base::Error(base::Code::kStorageFull, to + ": the disk is full");
  }
  throw base::Error(base::Code::kUnavailable,
                    from + " could not be copied: " + sqlite3_errstr(result));
}

constexpr const char* kSequenceGap = R"(
  SELECT count(*) FROM (
    SELECT 1 FROM journal GROUP BY business, contact
    HAVING min(contact_seq) <> 1 OR max(contact_seq) <> count(*)
        OR count(DISTINCT contact_seq) <> count(*)))";

constexpr const char* kLogGap = R"(
  SELECT count(*) FROM (
    SELECT 1 FROM journal GROUP BY business
    HAVING min(leaf_index) <> 0 OR max(leaf_index) <> count(*) - 1
        OR count(DISTINCT leaf_index) <> count(*)))";

constexpr const char* kFiles = "SELECT DISTINCT sha256 FROM attachments ORDER BY sha256";

}  // namespace

void copy_database(const std::string& from, const std::string& to) {
  const Handle source = open(from, SQLITE_OPEN_READONLY);
  sqlite3_db_config(source.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  if (integer(source, from, "PRAGMA application_id") != kApplicationId) {
    throw base::invalid("data", "not_ours", from + " is no database of annals");
  }
  // The read transaction holds the instant while pages are copied in steps.
  if (sqlite3_exec(source.get(), "BEGIN; SELECT count(*) FROM sqlite_schema;", nullptr, nullptr,
                   nullptr) != SQLITE_OK) {
    throw base::Error(base::Code::kUnavailable,
                      from + " cannot be read: " + sqlite3_errmsg(source.get()));
  }
  const Handle target = open(to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  copy_pages(source, target, from, to);
}

DatabaseFacts check_database(const std::string& path) {
  // Immutable: no -wal and no -shm come to lie beside a file that is only looked at.
  const Handle handle = open("file:" + base::percent_encode(path) + "?immutable=1",
                             SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
  if (integer(handle, path, "PRAGMA application_id") != kApplicationId) {
    throw damaged(path, "is no database of annals");
  }
  {
    Statement check(handle, path, "PRAGMA integrity_check(1)");
    if (!check.next() || check.text(0) != "ok") {
      throw damaged(path, "SQLite's integrity check says: " + check.text(0));
    }
  }
  if (const auto gaps = integer(handle, path, kSequenceGap); gaps > 0) {
    throw damaged(path, std::to_string(gaps) + " contacts have a gap in their sequence");
  }
  if (integer(handle, path, kLogGap) > 0) throw damaged(path, "a business's log has a gap");
  DatabaseFacts facts;
  facts.schema = integer(handle, path, "PRAGMA user_version");
  facts.businesses = integer(handle, path, "SELECT count(*) FROM businesses");
  facts.contacts = integer(handle, path, "SELECT count(*) FROM contacts");
  facts.leaves = integer(handle, path, "SELECT count(*) FROM journal");
  Statement files(handle, path, kFiles);
  while (files.next()) facts.files.push_back(files.hex(0));
  return facts;
}

}  // namespace annals::transfer
