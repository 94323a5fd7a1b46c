#include "db/postgres.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/temp_folder.h"
#include "db/business.h"
#include "db/db.h"
#include "db/postgres_connection.h"
#include "db/test_database.h"

namespace annals::db {
namespace {

using base::Code;
using base::Error;

constexpr const char* kAdd =
    "INSERT INTO log_views (business, key, name, roles, version) VALUES ($1, $2, $3, '[]', 1)";
constexpr InsertInto kViews{
    .table = "log_views (business, key, name, roles, version)", .types = "ittti", .conflict = {}};
constexpr const char* kCount = "SELECT count(*) FROM log_views";
constexpr BusinessKey kBusiness = 1;
constexpr std::int64_t kConnectMs = 5'000;

class PostgresTest : public testing::Test {
 protected:
  void SetUp() override {
    if (test_server().empty()) GTEST_SKIP() << "no PostgreSQL server is given";
    url_ = TestDatabases::instance().url(folder_.path());
  }
  std::unique_ptr<Database> open(const Derive& derive = {}) const {
    return open_postgres(url_, {.folder = {}, .derive = derive});
  }
  // As who made the database, beside the program.
  [[nodiscard]] std::string ask(const std::string& sql) const {
    PostgresConnection connection(url_, "-c search_path=annals", kConnectMs);
    return connection.text(sql);
  }
  void tell(const std::string& sql) const {
    PostgresConnection connection(url_, "-c search_path=annals", kConnectMs);
    connection.script(sql);
  }
  // The code of why the database cannot be opened.
  [[nodiscard]] std::string refusal() const {
    try {
      static_cast<void>(open());
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::kInvalid);
      EXPECT_EQ(error.errors().front().field, "database");
      return error.errors().front().code;
    }
    return "opened";
  }
  static std::int64_t count(Database& database, BusinessKey business = kBusiness) {
    return database.read(business, [](Tx& tx) {
      auto rows = tx.query(kCount, {});
      EXPECT_TRUE(rows.next());
      return rows->integer(0);
    });
  }

  base::TempFolder folder_;
  std::string url_;
};

TEST_F(PostgresTest, ParametersAreTypedByWhatIsGiven) {
  const auto database = open();
  database->read(kBusiness, [](Tx& tx) {
    auto rows = tx.query("SELECT $2 || '-' || $1 || '-' || $2, $3 + 1, $4",
                         {"one", "two", 5'000'000'000, nullptr});
    ASSERT_TRUE(rows.next());
    EXPECT_EQ(rows->text(0), "two-one-two");
    EXPECT_EQ(rows->integer(1), 5'000'000'001);
    EXPECT_TRUE(rows->is_null(2));
    const base::Bytes bytes{0, 1, 255};
    auto blob = tx.query("SELECT $1", {base::ByteSpan(bytes)});
    ASSERT_TRUE(blob.next());
    EXPECT_EQ(base::hex(blob->blob(0)), "0001ff");
  });
}

TEST_F(PostgresTest, ATransactionSeesItsBusinessAlone) {
  const auto database = open();
  for (const BusinessKey business : {1, 2}) {
    database->write(business, [&](Tx& tx) { tx.execute(kAdd, {business, "a", "A"}); });
  }
  EXPECT_EQ(count(*database, 1), 1);
  EXPECT_EQ(count(*database, 2), 1);
  EXPECT_EQ(count(*database, 3), 0);
  EXPECT_THROW(database->write(1, [](Tx& tx) { tx.execute(kAdd, {2, "b", "B"}); }), Error);
  EXPECT_EQ(count(*database, 2), 1);
  // As the server's role, and without saying which business.
  PostgresConnection connection(url_, "-c search_path=annals", kConnectMs);
  connection.script("SET ROLE annals_server");
  EXPECT_EQ(connection.integer(kCount), 0);
  EXPECT_EQ(connection.integer("SELECT count(*) FROM journal"), 0);
}

TEST_F(PostgresTest, EveryTableOfOursHasRowLevelSecurityAndIsLedByBusiness) {
  const auto database = open();
  EXPECT_EQ(ask("SELECT coalesce(string_agg(relname, ' '), '') FROM pg_class WHERE relkind = 'r' "
                "AND relnamespace = 'annals'::regnamespace AND relname <> 'schema_version' "
                "AND NOT (relrowsecurity AND relforcerowsecurity)"),
            "");
}

TEST_F(PostgresTest, OneBadWriteOfAGroupFailsAlone) {
  const auto database = open();
  static constexpr int kThreads = 16;
  static constexpr int kWrites = 20;
  std::atomic<int> conflicts = 0;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kWrites; ++i) {
        const std::string own = std::to_string(t) + "-" + std::to_string(i);
        database->write(kBusiness, [&](Tx& tx) { tx.execute(kAdd, {kBusiness, own, "A"}); });
        try {
          database->write(kBusiness, [&](Tx& tx) {
            tx.execute(kAdd, {kBusiness, own + "x", "A"});
            tx.execute(kAdd, {kBusiness, "shared" + std::to_string(i), "A"});
          });
        } catch (const Error& error) {
          EXPECT_EQ(error.code(), Code::kConflict);
          ++conflicts;
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(conflicts, (kThreads - 1) * kWrites);
  EXPECT_EQ(count(*database), kThreads * kWrites + 2 * kWrites);
}

TEST_F(PostgresTest, ANestedPartFailsAlone) {
  const auto database = open();
  std::string trace;
  database->write(kBusiness, [&](Tx& tx) {
    tx.execute(kAdd, {kBusiness, "outer", "A"});
    EXPECT_THROW(tx.nested([&] {
      tx.on_rollback([&] { trace += "undone"; });
      tx.execute(kAdd, {kBusiness, "inner", "A"});
      throw base::invalid("", "test", "no");
    }),
                 Error);
    tx.nested([&] { tx.execute(kAdd, {kBusiness, "second", "A"}); });
  });
  EXPECT_EQ(trace, "undone");
  EXPECT_EQ(count(*database), 2);
}

// What a writer remembers is thrown away where another server wrote for the business meanwhile.
TEST_F(PostgresTest, WhatIsRememberedLastsUntilAnotherServerWrites) {
  const auto one = open();
  const auto other = open();
  const auto remembered = [](Database& database) {
    return database.write(kBusiness, [](Tx& tx) {
      const bool known = tx.writer_memory() != nullptr;
      tx.writer_memory() = std::make_shared<int>(1);
      return known;
    });
  };
  EXPECT_FALSE(remembered(*one));
  EXPECT_TRUE(remembered(*one));
  EXPECT_FALSE(remembered(*other));
  EXPECT_FALSE(remembered(*one));
  EXPECT_TRUE(remembered(*one));
}

// Asked ahead before it is known whether another server wrote.
TEST_F(PostgresTest, AnswersLastUntilAnotherServerWrites) {
  static constexpr LookUp kNameOf{
      .one = "SELECT key, name FROM log_views WHERE business = $1 AND key = $2",
      .many = "SELECT key, name FROM log_views WHERE business = $1 AND key = ANY ($2)"};
  const auto one = open();
  const auto other = open();
  const auto name = [&] {
    return one->write(
        kBusiness,
        [](Tx& tx) {
          auto rows = tx.look_up(kNameOf, "a");
          return rows.next() ? rows->string(1) : "none";
        },
        [](Tx&, Asks& asks) { asks.add(kNameOf, "a"); });
  };
  other->write(kBusiness, [](Tx& tx) { tx.execute(kAdd, {kBusiness, "a", "A"}); });
  for (int i = 0; i < 3; ++i) EXPECT_EQ(name(), "A");
  other->write(kBusiness, [](Tx& tx) { tx.execute("UPDATE log_views SET name = 'B'", {}); });
  for (int i = 0; i < 3; ++i) EXPECT_EQ(name(), "B");
}

TEST_F(PostgresTest, OtherServersAreToldOfTheJournal) {
  const auto one = open();
  const auto other = open();
  std::mutex mutex;
  std::condition_variable told;
  int times = 0;
  other->on_journal([&](std::int64_t) {
    const std::lock_guard lock(mutex);
    ++times;
    told.notify_all();
  });
  int before = 0;
  {
    const std::lock_guard lock(mutex);
    before = times;
  }
  one->write(kBusiness, [](Tx& tx) { tx.journal_reaches(1, 1); });
  std::unique_lock lock(mutex);
  EXPECT_TRUE(told.wait_for(lock, std::chrono::seconds(20), [&] { return times > before; }));
}

// What it may not know from the writes themselves, who derives has to read.
TEST_F(PostgresTest, WhatWasOnlyAppendedNeedNotBeReadToBeDerived) {
  std::string told;
  const auto database = open([&](Tx& tx, std::int64_t after) {
    told = "nothing";
    auto rows = tx.appended(kViews);
    if (rows) told.clear();
    while (rows && rows->next()) {
      told += std::to_string((*rows)->integer(0)) + (*rows)->string(1) + (*rows)->string(2) +
              std::to_string((*rows)->integer(4)) + " ";
    }
    return after + 1;
  });
  std::int64_t pos = 0;
  const auto append = [&](Tx& tx, const std::string& key) {
    tx.append(kViews, {kBusiness, key, "A", "[]", -2});
    tx.journal_reaches(++pos, 0);
  };
  database->write(kBusiness, [&](Tx& tx) {
    append(tx, "a");
    append(tx, "b");
  });
  EXPECT_EQ(told, "1aA-2 1bA-2 ");
  database->write(kBusiness, [&](Tx& tx) {
    append(tx, "c");
    const auto fail = [&] {
      tx.append(kViews, {kBusiness, "never", "A", "[]", 1});
      throw base::invalid("", "test", "");
    };
    EXPECT_THROW(tx.nested(fail), Error);  // with nothing sent
  });
  EXPECT_EQ(told, "1cA-2 ");
  database->write(kBusiness, [&](Tx& tx) {
    append(tx, "d");
    const auto fail = [&] {
      tx.append(kViews, {kBusiness, "never", "A", "[]", 1});
      static_cast<void>(tx.query(kCount, {}));
      throw base::invalid("", "test", "");
    };
    EXPECT_THROW(tx.nested(fail), Error);
  });
  EXPECT_EQ(told, "nothing");
  database->write(kBusiness, [&](Tx& tx) {
    append(tx, "e");
    tx.execute("UPDATE log_views SET version = 3", {});
  });
  EXPECT_EQ(told, "nothing");
}

// It goes unanswered, and is all there is with the writes, or nothing.
TEST_F(PostgresTest, WhatCannotBeDerivedIsNotWritten) {
  bool fails = true;
  const auto database = open([&](Tx& tx, std::int64_t after) {
    const std::string key = "derived" + std::to_string(after);
    const std::vector<Param> row{kBusiness, key, "D", "[]", 1};
    tx.insert(kViews, row);
    if (fails) tx.insert(kViews, row);
    return after + 1;
  });
  const auto add = [&](Tx& tx) {
    tx.append(kViews, {kBusiness, "a", "A", "[]", 1});
    tx.journal_reaches(1, 1);
  };
  EXPECT_THROW(database->write(kBusiness, add), Error);
  EXPECT_EQ(count(*database), 0);
  fails = false;
  database->write(kBusiness, add);
  EXPECT_EQ(count(*database), 2);
}

// As a server leaves it that is killed after its commit, before it could tell.
TEST_F(PostgresTest, WhatNobodyToldOfIsFound) {
  const auto database = open();
  std::mutex mutex;
  std::condition_variable told;
  int times = 0;
  database->on_journal([&](std::int64_t) {
    const std::lock_guard lock(mutex);
    ++times;
    told.notify_all();
  });
  for (int i = 1; i <= 2; ++i) {
    std::unique_lock lock(mutex);
    const int before = times;
    tell("INSERT INTO turns (business, n) VALUES (" + std::to_string(kBusiness + i) + ", 1)");
    EXPECT_TRUE(told.wait_for(lock, std::chrono::seconds(20), [&] { return times > before; }));
  }
}

TEST_F(PostgresTest, AFailureThatWasPassedOverIsNotCommitted) {
  const auto database = open();
  const auto pass_over = [](Tx& tx) {
    tx.execute(kAdd, {kBusiness, "a", "A"});
    EXPECT_THROW(tx.execute(kAdd, {kBusiness, "a", "A"}), Error);
  };
  EXPECT_THROW(database->write(kBusiness, pass_over), Error);
  EXPECT_EQ(count(*database), 0);
}

// A table that somebody has locked keeps nobody for long, and nobody after the other.
TEST_F(PostgresTest, WhoWaitsForALockIsRefusedWithAllWhoWait) {
  const auto database = open();
  PostgresConnection locker(url_, "-c search_path=annals", kConnectMs);
  static constexpr int kThreads = 16;
  for (const char* table : {"log_views", "turns"}) {
    locker.script("BEGIN; LOCK TABLE " + std::string(table) + " IN ACCESS EXCLUSIVE MODE");
    const base::Micros began = base::system_clock().steady();
    std::atomic<int> refused = 0;
    std::vector<std::thread> threads;
    threads.reserve(kThreads);
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        try {
          database->write(kBusiness, [&](Tx& tx) {
            tx.execute(kAdd, {kBusiness, table + std::to_string(t), "A"});
          });
        } catch (const Error& error) {
          EXPECT_EQ(error.code(), Code::kUnavailable);
          ++refused;
        }
      });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(refused, kThreads);
    EXPECT_LT(base::system_clock().steady() - began, 3 * base::kMicrosPerSecond);
    locker.script("ROLLBACK");
    EXPECT_EQ(count(*database), 0);
  }
}

TEST_F(PostgresTest, LostConnectionsAreMadeAnew) {
  const auto database = open();
  const std::string kill =
      "SELECT count(pg_terminate_backend(pid))::text FROM pg_stat_activity "
      "WHERE datname = current_database() AND pid <> pg_backend_pid()";
  for (int i = 0; i < 5; ++i) {
    database->write(kBusiness,
                    [&](Tx& tx) { tx.execute(kAdd, {kBusiness, std::to_string(i), "A"}); });
    EXPECT_EQ(count(*database), i + 1);
    EXPECT_NE(ask(kill), "0");
  }
  EXPECT_EQ(count(*database), 5);
}

TEST_F(PostgresTest, AConnectionLostInAWriteIsNoHalfWrite) {
  const auto database = open();
  int runs = 0;
  database->write(kBusiness, [&](Tx& tx) {
    tx.execute(kAdd, {kBusiness, "once", "A"});
    if (++runs > 1) return;
    tell(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
        "current_database() AND state = 'idle in transaction' AND pid <> pg_backend_pid()");
    tx.execute(kAdd, {kBusiness, "never", "A"});
  });
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(count(*database), 1);
}

// Though the commit was sent with what the session ended at.
TEST_F(PostgresTest, ASessionEndedBeforeTheCommitIsNoUnknownOutcome) {
  int runs = 0;
  std::unique_ptr<Database> database = open([&](Tx& tx, std::int64_t after) {
    if (++runs == 2) {
      tell(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
          "current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid()");
    }
    tx.insert(kViews, std::vector<Param>{kBusiness, std::to_string(after), "D", "[]", 1});
    return after + 1;
  });
  for (int pos = 1; pos <= 2; ++pos) {  // the first one prepares the statements
    database->write(kBusiness, [&](Tx& tx) {
      tx.append(kViews, {kBusiness, "write" + std::to_string(pos), "A", "[]", 1});
      tx.journal_reaches(pos, 1);
    });
  }
  EXPECT_EQ(runs, 3);
  EXPECT_EQ(count(*database), 4);
}

TEST_F(PostgresTest, ANewerSchemaIsRefused) {
  static_cast<void>(open());
  tell("INSERT INTO schema_version VALUES (9999)");
  EXPECT_EQ(refusal(), "newer");
}

TEST_F(PostgresTest, AnotherProgramsSchemaIsRefused) {
  tell("CREATE SCHEMA annals; CREATE TABLE annals.theirs (x int)");
  EXPECT_EQ(refusal(), "not_ours");
}

TEST_F(PostgresTest, AHalfMigratedDatabaseIsRefused) {
  static_cast<void>(open());
  tell("DROP TABLE tally");
  EXPECT_EQ(refusal(), "half_migrated");
}

TEST_F(PostgresTest, AnotherEncodingIsRefused) {
  const std::string name = "annals_latin_" + std::to_string(::getpid());
  PostgresConnection connection(test_server() + "/postgres", "", kConnectMs);
  connection.script("CREATE DATABASE " + name +
                    " TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'");
  url_ = test_server() + "/" + name;
  EXPECT_EQ(refusal(), "encoding");
  connection.script("DROP DATABASE " + name + " WITH (FORCE)");
}

TEST_F(PostgresTest, ARoleWithoutRightsIsRefused) {
  const std::string role = "annals_guest_" + std::to_string(::getpid());
  tell("CREATE ROLE " + role + " LOGIN");
  const std::string owner = url_;
  url_.replace(url_.find("annals@"), 6, role);
  EXPECT_EQ(refusal(), "rights");
  url_ = owner;
  tell("DROP ROLE " + role);
}

TEST_F(PostgresTest, AServerThatIsNotThereIsRefused) {
  url_ = "postgresql://annals@127.0.0.1:1/annals";
  EXPECT_EQ(refusal(), "unreachable");
}

}  // namespace
}  // namespace annals::db
