#include "db/sqlite_wal.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/random.h"
#include "base/temp_folder.h"
#include "db/db.h"
#include "db/sqlite_connection.h"

namespace annals::db {
namespace {

constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;

/// SQLite's own VFS, the default one while this lives, which counts what is written to logs and
/// fails it where it is told to.
class CountingDisk {
 public:
  CountingDisk() : real_(sqlite3_vfs_find(nullptr)), vfs_(*real_) {
    vfs_.pNext = nullptr;
    vfs_.zName = "counting_disk";
    vfs_.pAppData = real_->pAppData;
    vfs_.xOpen = [](sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out) {
      const int code = the->real_->xOpen(the->real_, name, file, flags, out);
      if (file->pMethods != nullptr && (flags & SQLITE_OPEN_WAL) != 0) {
        real_methods = file->pMethods;
        methods = *real_methods;
        methods.xWrite = write;
        file->pMethods = &methods;
      }
      return code;
    };
    the = this;
    sqlite3_vfs_register(&vfs_, 1);
  }
  ~CountingDisk() {
    sqlite3_vfs_register(real_, 1);
    sqlite3_vfs_unregister(&vfs_);
  }
  CountingDisk(const CountingDisk&) = delete;
  CountingDisk& operator=(const CountingDisk&) = delete;

  int writes = 0;
  std::int64_t bytes = 0;
  bool full = false;

 private:
  static int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 at) {
    if (the->full) return SQLITE_FULL;
    ++the->writes;
    the->bytes += size;
    return real_methods->xWrite(file, data, size, at);
  }

  static inline CountingDisk* the = nullptr;
  static inline const sqlite3_io_methods* real_methods = nullptr;
  static inline sqlite3_io_methods methods{};

  sqlite3_vfs* const real_;
  sqlite3_vfs vfs_;
};

class SqliteWalTest : public testing::Test {
 protected:
  SqliteWalTest() {
    writer_.script(
        "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;"
        "PRAGMA synchronous=NORMAL; CREATE TABLE t (id INTEGER PRIMARY KEY, v BLOB);");
  }
  void add(std::int64_t id, std::int64_t bytes) {
    writer_.execute("INSERT OR REPLACE INTO t VALUES ($1, zeroblob($2))",
                    std::initializer_list<Param>{id, bytes});
  }
  /// As another process would see it: how many rows, and how many bytes in them.
  std::pair<std::int64_t, std::int64_t> seen() {
    SqliteConnection reader(path_, SQLITE_OPEN_READONLY);
    EXPECT_EQ(reader.integer("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check "
                             "<> 'ok'"),
              0);
    return {reader.integer("SELECT count(*) FROM t"),
            reader.integer("SELECT coalesce(sum(length(v)), 0) FROM t")};
  }

  const base::TempFolder folder_;
  const std::string path_ = folder_.path() + "/t.db";
  CountingDisk disk_;
  SqliteConnection writer_{path_, kFlags, gathering_vfs()};
};

TEST_F(SqliteWalTest, ATransactionIsAFewWrites) {
  writer_.script("BEGIN");
  for (int i = 0; i < 100; ++i) add(i, 4'000);
  disk_.writes = 0;
  disk_.bytes = 0;
  writer_.script("COMMIT");
  EXPECT_GT(disk_.bytes, 100 * 4'096);
  EXPECT_LT(disk_.writes, 20) << "two a page, where nobody gathers them";
  EXPECT_EQ(seen(), std::make_pair(std::int64_t{100}, std::int64_t{400'000}));
}

TEST_F(SqliteWalTest, WhatIsCommittedIsSeenByOthersAtOnce) {
  // So few pages that long transactions are written before their end, and read again.
  writer_.script("PRAGMA cache_size=10");
  const base::SeededRandom random(7);
  std::map<std::int64_t, std::int64_t> model;
  for (int round = 0; round < 300; ++round) {
    auto changed = model;
    writer_.script("BEGIN");
    const std::uint32_t rows = 1 + random.below(random.below(5) == 0 ? 80 : 4);
    for (std::uint32_t i = 0; i < rows; ++i) {
      const std::int64_t id = random.below(500);
      const std::int64_t bytes = random.below(random.below(10) == 0 ? 60'000 : 900);
      add(id, bytes);
      changed[id] = bytes;
    }
    if (random.below(4) == 0) {
      writer_.script("ROLLBACK");
    } else {
      writer_.script("COMMIT");
      model.swap(changed);
    }
    if (random.below(20) == 0) {
      const int code = sqlite3_wal_checkpoint_v2(writer_.handle(), nullptr,
                                                 SQLITE_CHECKPOINT_RESTART, nullptr, nullptr);
      EXPECT_EQ(code, SQLITE_OK);
    }
    std::int64_t bytes = 0;
    for (const auto& [id, size] : model) bytes += size;
    ASSERT_EQ(seen(), std::make_pair(static_cast<std::int64_t>(model.size()), bytes)) << round;
  }
}

TEST_F(SqliteWalTest, WhatCannotBeWrittenFailsItsTransactionAlone) {
  add(1, 100);
  writer_.script("BEGIN");
  for (int i = 10; i < 30; ++i) add(i, 4'000);
  disk_.full = true;
  EXPECT_THROW(writer_.script("COMMIT"), base::Error);
  if (writer_.in_transaction()) writer_.script("ROLLBACK");
  EXPECT_EQ(seen(), std::make_pair(std::int64_t{1}, std::int64_t{100}));
  disk_.full = false;
  add(2, 50);
  EXPECT_EQ(seen(), std::make_pair(std::int64_t{2}, std::int64_t{150}));
}

}  // namespace
}  // namespace annals::db
