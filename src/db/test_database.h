// Opens a database for a test: a folder, or, where ANNALS_TEST_POSTGRES holds the address of a
// PostgreSQL server, a database there that stands for the folder. `./dev test` runs the stores'
// tests both ways.
#pragma once
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <set>
#include <string>

#include "base/encoding.h"
#include "base/hash.h"
#include "db/db.h"
#include "db/postgres.h"
#include "db/postgres_connection.h"
#include "db/sqlite.h"

namespace annals::db {

inline std::string test_server() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no test sets the environment
  const char* url = std::getenv("ANNALS_TEST_POSTGRES");
  return url == nullptr ? std::string() : std::string(url);
}

/// The databases that this process made; dropped when it ends.
class TestDatabases {
 public:
  static TestDatabases& instance() {
    static TestDatabases all;
    return all;
  }
  /// The address of the database that stands for `folder`, made where it is not there yet.
  std::string url(const std::string& folder) {
    const base::Digest digest = base::sha256({base::as_bytes(folder)});
    const std::string name =
        "annals_" + std::to_string(::getpid()) + "_" + base::hex(base::ByteSpan(digest).first(8));
    if (names_.insert(name).second) {
      PostgresConnection(test_server() + "/postgres", "", kConnectMs)
          .script("CREATE DATABASE " + name + " TEMPLATE template0 ENCODING 'UTF8'");
    }
    return test_server() + "/" + name;
  }
  ~TestDatabases() {
    try {
      PostgresConnection connection(test_server() + "/postgres", "", kConnectMs);
      for (const std::string& name : names_) {
        connection.script("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
      }
    } catch (const base::Error&) {  // NOLINT(bugprone-empty-catch): they go with their server
    }
  }
  TestDatabases(const TestDatabases&) = delete;
  TestDatabases& operator=(const TestDatabases&) = delete;

 private:
  // What the destructor needs must outlive it.
  TestDatabases() { static_cast<void>(base::system_clock()); }
  static constexpr std::int64_t kConnectMs = 10'000;
  std::set<std::string> names_;
};

inline std::unique_ptr<Database> open_for_test(const Options& options) {
  if (test_server().empty()) return open_sqlite(options);
  return open_postgres(TestDatabases::instance().url(options.folder), options);
}

/// Has the derived tables made anew (of `business`, or of all where engines know no difference).
inline void forget_for_test(std::unique_ptr<Database>& database, const Options& options,
                            BusinessKey business) {
  if (!test_server().empty()) {
    database->write(business, [](Tx& tx) { forget_derived(tx); });
    return;
  }
  database.reset();
  forget_derived(options.folder);
  database = open_sqlite(options);
}

}  // namespace annals::db
