#include "db/sqlite.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/temp_folder.h"
#include "db/business.h"
#include "db/db.h"

namespace annals::db {
namespace {

using base::Code;
using base::Error;

constexpr const char* kAdd =
    "INSERT INTO log_views (business, key, name, roles, version) VALUES ($1, $2, $3, '[]', 1)";
constexpr const char* kCount = "SELECT count(*) FROM log_views";

std::int64_t count(Database& database) {
  return database.read(kNoBusiness, [](Tx& tx) {
    auto rows = tx.query(kCount, {});
    EXPECT_TRUE(rows.next());
    return rows->integer(0);
  });
}

TEST(SqliteTest, ParametersAreBoundByTheirNumber) {
  const base::TempFolder folder;
  const auto database = open_sqlite({.folder = folder.path()});
  const auto text = database->read(kNoBusiness, [](Tx& tx) {
    auto rows = tx.query("SELECT $2 || '-' || $1 || '-' || $2", {"one", "two"});
    EXPECT_TRUE(rows.next());
    return rows->string(0);
  });
  EXPECT_EQ(text, "two-one-two");
}

TEST(SqliteTest, WhatAWriteThrowsLeavesNothingOfIt) {
  const base::TempFolder folder;
  const auto database = open_sqlite({.folder = folder.path()});
  EXPECT_THROW(database->write(kNoBusiness,
                               [](Tx& tx) {
                                 tx.execute(kAdd, {1, "a", "A"});
                                 throw base::invalid("name", "test", "no");
                               }),
               Error);
  EXPECT_EQ(count(*database), 0);
}

TEST(SqliteTest, OneBadWriteOfAGroupFailsAlone) {
  const base::TempFolder folder;
  const auto database = open_sqlite({.folder = folder.path()});
  static constexpr int kThreads = 16;
  static constexpr int kWrites = 50;
  std::atomic<int> conflicts = 0;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kWrites; ++i) {
        const std::string own = std::to_string(t) + "-" + std::to_string(i);
        database->write(kNoBusiness, [&](Tx& tx) { tx.execute(kAdd, {1, own, "A"}); });
        try {
          database->write(kNoBusiness, [&](Tx& tx) {
            tx.execute(kAdd, {1, own + "x", "A"});
            tx.execute(kAdd, {1, "shared" + std::to_string(i), "A"});
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

TEST(SqliteTest, UndoRunsForWhatIsRolledBackAndDoneForWhatIsKept) {
  const base::TempFolder folder;
  const auto database = open_sqlite({.folder = folder.path()});
  std::string trace;
  EXPECT_THROW(database->write(kNoBusiness,
                               [&](Tx& tx) {
                                 tx.on_rollback([&] { trace += "1"; });
                                 tx.on_rollback([&] { trace += "2"; });
                                 tx.on_commit([&] { trace += "never"; });
                                 throw base::invalid("", "test", "no");
                               }),
               Error);
  database->write(kNoBusiness, [&](Tx& tx) {
    tx.on_rollback([&] { trace += "never"; });
    tx.on_commit([&] { trace += "3"; });
  });
  EXPECT_EQ(trace, "213");
}

TEST(SqliteTest, ANestedPartFailsAlone) {
  const base::TempFolder folder;
  const auto database = open_sqlite({.folder = folder.path()});
  std::string trace;
  database->write(kNoBusiness, [&](Tx& tx) {
    tx.execute(kAdd, {1, "outer", "A"});
    EXPECT_THROW(tx.nested([&] {
      tx.on_rollback([&] { trace += "undone"; });
      tx.execute(kAdd, {1, "inner", "A"});
      throw base::invalid("", "test", "no");
    }),
                 Error);
    tx.nested([&] { tx.execute(kAdd, {1, "second", "A"}); });
  });
  EXPECT_EQ(trace, "undone");
  EXPECT_EQ(count(*database), 2);
}

TEST(SqliteTest, AReadWaitsUntilWhatWasCommittedIsDerived) {
  const base::TempFolder folder;
  std::atomic<std::int64_t> derived = 0;
  Options options{.folder = folder.path()};
  options.derive = [&](Tx& tx, std::int64_t after) {
    tx.execute("INSERT INTO contact_tags (business, tag, contact) VALUES ($1, $2, x'00')",
               {1, std::to_string(after + 1)});
    ++derived;
    return after + 1;
  };
  const auto database = open_sqlite(options);
  for (std::int64_t pos = 1; pos <= 50; ++pos) {
    database->write(kNoBusiness, [&](Tx& tx) { tx.journal_reaches(pos, 1); });
    const auto seen = database->read(kNoBusiness, [](Tx& tx) {
      auto rows = tx.query("SELECT count(*) FROM contact_tags", {});
      EXPECT_TRUE(rows.next());
      return rows->integer(0);
    });
    EXPECT_EQ(seen, pos);
  }
}

TEST(SqliteTest, TellsHowLongAfterItsCommitARowWasDerived) {
  const base::TempFolder folder;
  base::ManualClock clock;
  std::atomic<bool> late = false;
  std::vector<base::Micros> behind;
  Options options{.folder = folder.path(), .clock = &clock};
  options.derive = [&](Tx&, std::int64_t after) {
    late.wait(false);
    return after + 1;
  };
  options.on_derived = [&](base::Micros micros) { behind.push_back(micros); };
  auto database = open_sqlite(options);
  database->write(kNoBusiness, [](Tx& tx) { tx.journal_reaches(1, 1); });
  clock.advance(30'000);
  late = true;
  late.notify_all();
  database->read(kNoBusiness, [](Tx&) {});
  database.reset();  // ends the applier's thread
  EXPECT_EQ(behind, std::vector<base::Micros>{30'000});
}

TEST(SqliteTest, ReadsGoOnWhileDerivedTablesCannotBeWritten) {
  const base::TempFolder folder;
  std::atomic<bool> full = true;
  Options options{.folder = folder.path()};
  options.derive = [&](Tx&, std::int64_t after) {
    if (full) throw Error(Code::kStorageFull, "full");
    return after + 1;
  };
  const auto database = open_sqlite(options);
  database->write(kNoBusiness, [](Tx& tx) {
    tx.execute(kAdd, {1, "kept", "A"});
    tx.journal_reaches(1, 1);
  });
  EXPECT_EQ(count(*database), 1);  // returns once the applier has failed
  EXPECT_FALSE(database->writable());
  const auto write = [&] {
    database->write(kNoBusiness, [](Tx& tx) { tx.execute(kAdd, {1, "later", "A"}); });
  };
  try {
    write();
    FAIL() << "written";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kStorageFull);
  }
  full = false;
  while (!database->writable()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  write();
  EXPECT_EQ(count(*database), 2);
  EXPECT_EQ(database->lag(), 0);
}

TEST(SqliteTest, LargeRecordsAreDerivedBeforeMoreAreTaken) {
  const base::TempFolder folder;
  static constexpr std::size_t kBytes = base::limits::kApplierLagBytesMax / 4;
  static constexpr std::int64_t kWrites = 20;
  // Beyond the limit at most what one more group holds.
  static constexpr std::int64_t kLagMax = 6;
  std::mutex mutex;
  std::condition_variable more;
  std::int64_t written = 0;
  std::int64_t most = 0;
  bool waited = false;
  Options options{.folder = folder.path()};
  options.derive = [&](Tx&, std::int64_t after) {
    std::unique_lock lock(mutex);
    // Gives a writer that does not wait the time to be seen.
    if (!waited) {
      more.wait_for(lock, std::chrono::milliseconds(200), [&] { return written > kLagMax; });
      most = written;
    }
    waited = true;
    return after + 1;
  };
  const auto database = open_sqlite(options);
  std::thread writer([&] {
    for (std::int64_t pos = 1; pos <= kWrites; ++pos) {
      database->write(kNoBusiness, [&](Tx& tx) { tx.journal_reaches(pos, kBytes); });
      const std::lock_guard lock(mutex);
      ++written;
      more.notify_all();
    }
  });
  writer.join();
  EXPECT_LE(most, kLagMax);
  database->read(kNoBusiness, [](Tx&) {});
  EXPECT_EQ(database->lag(), 0);
}

TEST(SqliteTest, AGroupOfLargeRecordsIsCommittedInParts) {
  const base::TempFolder folder;
  std::vector<std::int64_t> commits;
  const auto database = open_sqlite({.folder = folder.path()});
  database->on_journal([&](std::int64_t pos) { commits.push_back(pos); });
  std::atomic<std::int64_t> pos = 0;
  std::atomic<bool> go = false;
  std::vector<std::thread> threads;
  // Holds the writer until all others wait, so that they are one group.
  std::thread first([&] { database->write(kNoBusiness, [&](Tx&) { go.wait(false); }); });
  static constexpr int kWriters = 8;
  std::atomic<int> started = 0;
  threads.reserve(kWriters);
  for (int i = 0; i < kWriters; ++i) {
    threads.emplace_back([&, i] {
      ++started;
      database->write(kNoBusiness, [&](Tx& tx) {
        tx.execute(kAdd, {1, std::to_string(i), "A"});
        tx.journal_reaches(++pos, 1024 * 1024);
      });
    });
  }
  while (started < kWriters) std::this_thread::yield();
  go = true;
  go.notify_all();
  first.join();
  for (auto& thread : threads) thread.join();
  database->write(kNoBusiness, [](Tx&) {});  // after it the listener has heard of all others
  EXPECT_EQ(count(*database), kWriters);
  EXPECT_EQ(commits.size(), static_cast<std::size_t>(kWriters));
}

TEST(SqliteTest, AFolderInUseIsRefused) {
  const base::TempFolder folder;
  const auto database = open_sqlite({.folder = folder.path()});
  try {
    const auto second = open_sqlite({.folder = folder.path()});
    FAIL() << "opened twice";
  } catch (const Error& error) {
    EXPECT_EQ(error.errors().front().code, "in_use");
  }
}

TEST(SqliteTest, ANewerSchemaIsRefused) {
  const base::TempFolder folder;
  {
    const auto database = open_sqlite({.folder = folder.path()});
    database->write(kNoBusiness, [](Tx& tx) { tx.execute("PRAGMA user_version=9999", {}); });
  }
  try {
    const auto second = open_sqlite({.folder = folder.path()});
    FAIL() << "opened a newer schema";
  } catch (const Error& error) {
    EXPECT_EQ(error.errors().front().code, "newer");
  }
}

TEST(SqliteTest, AnotherProgramsDatabaseIsRefused) {
  const base::TempFolder folder;
  {
    const auto database = open_sqlite({.folder = folder.path()});
    database->write(kNoBusiness, [](Tx& tx) { tx.execute("PRAGMA application_id=7", {}); });
  }
  try {
    const auto second = open_sqlite({.folder = folder.path()});
    FAIL() << "opened a foreign database";
  } catch (const Error& error) {
    EXPECT_EQ(error.errors().front().code, "not_ours");
  }
}

TEST(SqliteTest, AFileThatIsNoDatabaseIsRefused) {
  const base::TempFolder folder;
  std::ofstream(folder.path() + "/annals.db") << std::string(8192, 'x');
  EXPECT_THROW(static_cast<void>(open_sqlite({.folder = folder.path()})), Error);
}

TEST(SqliteTest, AQueryThatTakesTooLongIsEnded) {
  const base::TempFolder folder;
  base::ManualClock clock;
  const auto database = open_sqlite({.folder = folder.path(), .clock = &clock});
  static constexpr const char* kEndless =
      "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
  try {
    database->read(kNoBusiness, [&](Tx& tx) {
      clock.advance(60 * base::kMicrosPerSecond);
      auto rows = tx.query(kEndless, {});
      static_cast<void>(rows.next());
    });
    FAIL() << "ended";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kUnavailable);
  }
  EXPECT_EQ(count(*database), 0);
}

}  // namespace
}  // namespace annals::db
