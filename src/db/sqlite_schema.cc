#include "db/sqlite_schema.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "db/db.h"
#include "db/migrations.h"
#include "db/sqlite.h"
#include "db/sqlite_connection.h"

namespace annals::db {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kApplicationId = 0x414E4E4C;  // "ANNL", in the header of our files

constexpr int kOpenFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;

void migrate(SqliteConnection& connection, std::span<const Migration> migrations,
             std::int64_t from) {
  for (const Migration& migration : migrations) {
    if (migration.version <= from) continue;
    connection.script("BEGIN IMMEDIATE;");
    connection.script(std::string(migration.sql));
    connection.script("PRAGMA user_version=" + std::to_string(migration.version) +
                      "; PRAGMA application_id=" + std::to_string(kApplicationId) + "; COMMIT;");
  }
}

void configure_new(SqliteConnection& connection) {
  connection.script("PRAGMA page_size=4096; PRAGMA encoding='UTF-8'; PRAGMA journal_mode=WAL;");
}

void snapshot(SqliteConnection& connection, const std::string& folder, std::int64_t version) {
  const fs::path snapshots = fs::path(folder) / "snapshots";
  fs::create_directories(snapshots);
  fs::path target = snapshots / ("annals-schema-" + std::to_string(version) + ".db");
  fs::remove(target);  // of a migration that did not come through
  const std::string path = target.string();
  connection.execute("VACUUM INTO $1", std::initializer_list<Param>{path});
}

void prepare_primary(const std::string& folder, std::span<const Migration> migrations) {
  const std::string path = primary_path(folder);
  SqliteConnection connection(path, kOpenFlags);
  const std::int64_t tables = connection.integer("SELECT count(*) FROM sqlite_schema");
  const std::int64_t version = connection.integer("PRAGMA user_version");
  if (tables > 0 && connection.integer("PRAGMA application_id") != kApplicationId) {
    throw base::invalid("data", "not_ours",
                        path + " is a database of another program; choose another folder.");
  }
  if (version > migrations.back().version) {
    throw base::invalid("data", "newer",
                        path + " has schema " + std::to_string(version) +
                            ", newer than this program's " +
                            std::to_string(migrations.back().version) + "; upgrade annals.");
  }
  if (tables == 0) configure_new(connection);
  if (version == migrations.back().version) return;
  if (version > 0) snapshot(connection, folder, version);
  migrate(connection, migrations, version);
}

// A table that is new would have no rows: then the file is made anew from the journal. An index
// comes with its rows.
bool adds_tables(std::int64_t from) {
  const std::span<const Migration> all = sqlite_derived_migrations();
  return std::any_of(all.begin(), all.end(), [&](const Migration& migration) {
    return migration.version > from && migration.sql.find("TABLE") != std::string_view::npos;
  });
}

void prepare_derived(const std::string& folder) {
  const int newest = sqlite_derived_migrations().back().version;
  {
    SqliteConnection connection(derived_path(folder), kOpenFlags);
    const std::int64_t version = connection.integer("PRAGMA user_version");
    if (version == newest) return;
    if (version > 0 && version < newest && !adds_tables(version)) {
      return migrate(connection, sqlite_derived_migrations(), version);
    }
  }
  forget_derived(folder);
  SqliteConnection connection(derived_path(folder), kOpenFlags);
  configure_new(connection);
  migrate(connection, sqlite_derived_migrations(), 0);
}

}  // namespace

std::string primary_path(const std::string& folder) { return folder + "/annals.db"; }
std::string derived_path(const std::string& folder) { return folder + "/derived.db"; }

void forget_derived(const std::string& folder) {
  for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(derived_path(folder) + suffix);
}

void prepare_files(const std::string& folder, std::span<const Migration> migrations) {
  prepare_primary(folder, migrations);
  prepare_derived(folder);
}

}  // namespace annals::db
