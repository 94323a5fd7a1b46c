#include "db/postgres_schema.h"
#include <libpq-fe.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/limits.h"
#include "base/log.h"
#include "db/db.h"
#include "db/migrations.h"
#include "db/postgres_connection.h"

namespace annals::db {
namespace {

constexpr std::int64_t kConnectMs = 5'000;
constexpr std::int64_t kServerVersionMin = 150'000;
constexpr std::int64_t kMigrationLock = 0x414E4E4C;  // "ANNL", an advisory lock

base::Error unfit(const std::string& code, const std::string& message) {
  return base::invalid("database", code, message);
}

void check_server(PostgresConnection& connection) {
  const std::int64_t version = PQserverVersion(connection.handle());
  if (version < kServerVersionMin) {
    throw unfit("server_version", "The database server is PostgreSQL " +
                                      std::to_string(version / 10'000) +
                                      "; Annals needs 15 or newer.");
  }
  const std::string encoding = connection.text("SHOW server_encoding");
  if (encoding != "UTF8") {
    throw unfit("encoding", "The database is encoded in " + encoding +
                                "; make one with: CREATE DATABASE annals TEMPLATE template0 "
                                "ENCODING 'UTF8'.");
  }
}

void check_direct(PostgresConnection& connection) {
  if (connection.text("SELECT coalesce(current_setting('annals.direct', true), '')") == "1") return;
  throw unfit("pooler",
              "A connection pooler stands between Annals and the database; give the address of "
              "PostgreSQL itself. Annals keeps a pool of its own.");
}

bool has_schema(PostgresConnection& connection) {
  return connection.integer("SELECT count(*) FROM pg_namespace WHERE nspname = 'annals'") > 0;
}

// 0 where there is nothing of ours yet.
std::int64_t schema_version(PostgresConnection& connection) {
  if (!has_schema(connection)) return 0;
  if (connection.integer("SELECT count(*) FROM pg_tables WHERE schemaname = 'annals'") == 0) {
    return 0;  // made for us by who may
  }
  if (connection.integer("SELECT count(*) FROM pg_tables WHERE schemaname = 'annals' AND tablename "
                         "= 'schema_version'") == 0) {
    throw unfit("not_ours",
                "The schema \"annals\" of this database belongs to another program; give Annals a "
                "database of its own.");
  }
  return connection.integer("SELECT max(version) FROM schema_version");
}

// What the migrations make must be there: somebody may have restored a part only.
void check_complete(PostgresConnection& connection) {
  static constexpr std::string_view kMark = "CREATE TABLE ";
  for (const Migration& migration : postgres_migrations()) {
    std::string_view sql = migration.sql;
    for (std::size_t at = sql.find(kMark); at != std::string_view::npos; at = sql.find(kMark)) {
      sql.remove_prefix(at + kMark.size());
      const std::string name(sql.substr(0, sql.find(' ')));
      auto rows = connection.query(
          "SELECT count(*) FROM pg_tables WHERE schemaname = 'annals' AND tablename = $1",
          std::initializer_list<Param>{name});
      if (rows.next() && rows->integer(0) == 1) continue;
      throw unfit("half_migrated", "The database lacks the table annals." + name +
                                       ": it is half migrated or half restored. Restore a whole "
                                       "backup, or give an empty database.");
    }
  }
}

// Row-level security does not hold for superusers: those go on as a role of ours.
bool stands_above(PostgresConnection& connection) {
  return connection.integer(
             "SELECT count(*) FROM pg_roles WHERE rolname = session_user AND (rolsuper OR "
             "rolbypassrls)") > 0;
}

constexpr const char* kMakeRole = R"(
  DO $$ BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'annals_server') THEN
      CREATE ROLE annals_server NOLOGIN NOSUPERUSER NOBYPASSRLS;
    END IF;
  EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
  END $$;
  GRANT USAGE ON SCHEMA annals TO annals_server;
  GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA annals TO annals_server;
  GRANT USAGE ON ALL SEQUENCES IN SCHEMA annals TO annals_server;
  GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA annals TO annals_server;)";

void migrate(PostgresConnection& connection, std::int64_t from) {
  for (const Migration& migration : postgres_migrations()) {
    if (migration.version <= from) continue;
    connection.script("BEGIN");
    if (from == 0) {
      if (!has_schema(connection)) connection.script("CREATE SCHEMA annals");
      connection.script("CREATE TABLE schema_version (version BIGINT PRIMARY KEY)");
    }
    connection.script(std::string(migration.sql));
    connection.execute("INSERT INTO schema_version (version) VALUES ($1)",
                       std::initializer_list<Param>{migration.version});
    connection.script("COMMIT");
    from = migration.version;
    base::log(base::Level::kInfo, "the database was migrated", {{"schema", from}});
  }
}

void prepare_locked(PostgresConnection& connection) {
  const std::int64_t newest = postgres_migrations().back().version;
  const std::int64_t version = schema_version(connection);
  if (version > newest) {
    throw unfit("newer", "The database has schema " + std::to_string(version) +
                             ", newer than this program's " + std::to_string(newest) +
                             "; upgrade annals.");
  }
  if (version < newest) migrate(connection, version);
  check_complete(connection);
  if (stands_above(connection)) connection.script(kMakeRole);
}

}  // namespace

std::string session_options() {
  return "-c annals.direct=1 -c search_path=annals -c synchronous_commit=on -c statement_timeout=" +
         std::to_string(base::limits::kReadTransactionMs) +
         " -c lock_timeout=" + std::to_string(kTableLockMs) +
         " -c idle_in_transaction_session_timeout=60000 -c client_min_messages=warning"
         " -c default_transaction_isolation=read\\ committed -c jit=off -c TimeZone=UTC";
}

void enter(PostgresConnection& connection) {
  check_direct(connection);
  if (stands_above(connection)) connection.script("SET ROLE annals_server");
}

void prepare_database(const std::string& url) {
  try {
    PostgresConnection connection(url, session_options(), kConnectMs);
    check_server(connection);
    check_direct(connection);
    connection.script("SET statement_timeout=0; SET lock_timeout=0");
    connection.script("SELECT pg_advisory_lock(" + std::to_string(kMigrationLock) + ")");
    prepare_locked(connection);
  } catch (const ConnectionLost& lost) {
    if (!lost.said().empty()) {
      throw unfit("unreachable",
                  "The database server takes no connection at the moment: " + lost.said() + ".");
    }
    throw unfit("unreachable",
                "No database server answers at the address given with --database; start it, or "
                "correct the address.");
  } catch (const base::Error& error) {
    const std::string& text = error.message();
    if (text.find("unsupported startup parameter") != std::string::npos) {
      throw unfit("pooler",
                  "A connection pooler stands between Annals and the database; give the address of "
                  "PostgreSQL itself. Annals keeps a pool of its own.");
    }
    if (error.code() == base::Code::kInternal && text.find("42501") != std::string::npos) {
      throw unfit("rights",
                  "The role of the address may not make or use the schema \"annals\"; run as the "
                  "database's owner: GRANT CREATE ON DATABASE … TO … (" +
                      text + ").");
    }
    if (error.code() == base::Code::kInternal) {
      throw unfit("database", "The database could not be prepared: " + text + ".");
    }
    throw;
  }
}

}  // namespace annals::db
