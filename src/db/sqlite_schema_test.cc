#include "db/sqlite_schema.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/temp_folder.h"
#include "db/migrations.h"
#include "db/sqlite_connection.h"

namespace annals::db {
namespace {

// The program's migrations and one more, as its next version will have.
std::vector<Migration> with_another(std::string_view sql) {
  const auto ours = sqlite_migrations();
  std::vector<Migration> all(ours.begin(), ours.end());
  all.push_back({all.back().version + 1, sql});
  return all;
}

std::int64_t integer(const std::string& path, const char* sql) {
  SqliteConnection connection(path, SQLITE_OPEN_READWRITE);
  return connection.integer(sql);
}

class SqliteSchemaTest : public testing::Test {
 protected:
  void SetUp() override {
    prepare_files(folder_.path());
    SqliteConnection connection(primary(), SQLITE_OPEN_READWRITE);
    connection.script("INSERT INTO log_views VALUES (1, 'a', 'A', '[]', 1)");
  }
  [[nodiscard]] std::string primary() const { return primary_path(folder_.path()); }
  [[nodiscard]] std::string snapshot() const {
    return folder_.path() + "/snapshots/annals-schema-" +
           std::to_string(sqlite_migrations().back().version) + ".db";
  }

  base::TempFolder folder_;
};

TEST_F(SqliteSchemaTest, AMigrationComesAfterASnapshotOfWhatWasThere) {
  EXPECT_FALSE(std::filesystem::exists(snapshot()));
  const auto next = with_another("ALTER TABLE log_views ADD COLUMN colour TEXT");
  prepare_files(folder_.path(), next);
  EXPECT_EQ(integer(primary(), "PRAGMA user_version"), next.back().version);
  EXPECT_EQ(integer(primary(), "SELECT count(*) FROM log_views WHERE colour IS NULL"), 1);
  ASSERT_TRUE(std::filesystem::exists(snapshot()));
  EXPECT_EQ(integer(snapshot(), "PRAGMA user_version"), sqlite_migrations().back().version);
  EXPECT_EQ(integer(snapshot(), "SELECT count(*) FROM log_views"), 1);
  EXPECT_EQ(integer(snapshot(),
                    "SELECT count(*) FROM pragma_table_info('log_views') WHERE name = 'colour'"),
            0);
  prepare_files(folder_.path(), next);                       // nothing is left to do
  EXPECT_THROW(prepare_files(folder_.path()), base::Error);  // the older program refuses it
}

// Each step that was released, from what it found.
TEST_F(SqliteSchemaTest, EachVersionIsBroughtToThisOneWithASnapshotOfWhatItWas) {
  for (const Migration& old : sqlite_migrations()) {
    if (old.version == sqlite_migrations().back().version) continue;
    const base::TempFolder folder;
    const auto until = static_cast<std::size_t>(old.version);
    prepare_files(folder.path(), sqlite_migrations().first(until));
    const std::string path = primary_path(folder.path());
    SqliteConnection(path, SQLITE_OPEN_READWRITE)
        .script(
            "INSERT INTO journal VALUES (1, 1, x'00', x'01', 1, 1, 1, 0, 1, 1, '{}', x'02', "
            "x'03', NULL)");
    prepare_files(folder.path());
    EXPECT_EQ(integer(path, "PRAGMA user_version"), sqlite_migrations().back().version);
    EXPECT_EQ(integer(path, "SELECT count(*) FROM journal WHERE record = '{}'"), 1);
    EXPECT_EQ(integer(path, "SELECT count(*) FROM checkpoints"), 0);
    const std::string kept =
        folder.path() + "/snapshots/annals-schema-" + std::to_string(old.version) + ".db";
    EXPECT_EQ(integer(kept, "PRAGMA user_version"), old.version);
    EXPECT_EQ(integer(kept, "SELECT count(*) FROM journal"), 1);
  }
}

TEST_F(SqliteSchemaTest, AMigrationThatFailsChangesNothing) {
  const auto next =
      with_another("ALTER TABLE log_views ADD COLUMN colour TEXT; INSERT INTO nowhere VALUES (1)");
  EXPECT_THROW(prepare_files(folder_.path(), next), base::Error);
  EXPECT_EQ(integer(primary(), "PRAGMA user_version"), sqlite_migrations().back().version);
  EXPECT_EQ(integer(primary(),
                    "SELECT count(*) FROM pragma_table_info('log_views') "
                    "WHERE name = 'colour'"),
            0);
  prepare_files(folder_.path());  // the older program goes on
  EXPECT_EQ(integer(primary(), "SELECT count(*) FROM log_views"), 1);
}

// A row of the index stays where only indexes are added, and goes where tables are: then the index
// is made anew from the journal.
TEST(SqliteSchema, AnIndexThatIsAddedKeepsTheRowsOfTheDerivedFile) {
  for (const Migration& old : sqlite_derived_migrations()) {
    const base::TempFolder folder;
    const std::string path = derived_path(folder.path());
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    bool tables_follow = false;
    {
      SqliteConnection connection(path, flags);
      for (const Migration& migration : sqlite_derived_migrations()) {
        if (migration.version <= old.version) {
          connection.script(std::string(migration.sql));
        } else if (migration.sql.find("TABLE") != std::string_view::npos) {
          tables_follow = true;
        }
      }
      connection.script("UPDATE applied SET pos = 7; PRAGMA user_version=" +
                        std::to_string(old.version));
    }
    prepare_files(folder.path());
    const int newest = sqlite_derived_migrations().back().version;
    EXPECT_EQ(integer(path, "PRAGMA user_version"), newest);
    EXPECT_EQ(integer(path, "SELECT pos FROM applied"), tables_follow ? 0 : 7) << old.version;
    EXPECT_EQ(
        integer(path, "SELECT count(*) FROM sqlite_schema WHERE name = 'timeline_all_by_pos'"), 1);
  }
}

}  // namespace
}  // namespace annals::db
