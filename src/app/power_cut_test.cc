// Power cuts, at every moment at which the database asked for a sync and some in between: whatever
// the disk did with what was not synced yet, all that was acknowledged is there, once, and the rest
// stands in order.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "access/test_api.h"
#include "app/test_history.h"
#include "base/random.h"
#include "base/temp_folder.h"
#include "contacts/contacts.h"
#include "db/business.h"
#include "db/db.h"
#include "db/sqlite.h"
#include "db/test_database.h"
#include "db/test_disk.h"
#include "entries/derive.h"

namespace annals::app {
namespace {

using Unsynced = db::TestDisk::Unsynced;

// Small enough for checkpoints and new logs, however the writes are grouped.
constexpr std::int64_t kWalBytesMax = 32 * 1024;
constexpr int kWriters = 3;
constexpr int kPosts = 10;                // of each writer
constexpr int kMoreWriters = 20;          // one after the other, until there were checkpoints
constexpr int kArray = 3;                 // entries of every fourth post
constexpr int kSomeVariants = 2;          // of what a cut leaves of unsynced writes, by chance
constexpr std::size_t kBetween = 10;      // moments by chance
constexpr std::size_t kRebuildEvery = 8;  // images whose derived file is compared with a new one

/// A version of an entry that the server has told of.
struct Acknowledged {
  std::size_t moment = 0;  // of the disk
  std::string entry;
  int version = 1;
};

struct Load {
  std::mutex mutex;
  std::set<std::string> sent;  // keys of drafts
  std::vector<Acknowledged> acknowledged;
  std::size_t corrected = 0;  // entries without a key, of two versions

  void add(const db::TestDisk& disk, const std::string& entry, int version = 1) {
    const std::size_t moment = disk.moment();
    const std::lock_guard lock(mutex);
    acknowledged.push_back({moment, entry, version});
  }
};

std::string draft(const std::string& contact, const std::string& key) {
  return R"({"type":"note","contact":{"id":")" + contact + R"("},"source":"load","source_id":")" +
         key + R"(","title":"word )" + key + R"(","text":")" + std::string(700, 'x') + "\"}";
}

// An entry by a person, corrected afterwards.
void correct(History& api, const db::TestDisk& disk, const std::string& contact, Load& load) {
  const access::Reply first = api.post(
      "/entries", R"({"type":"note","title":"by hand","contact":{"id":")" + contact + "\"}}",
      api.owner);
  ASSERT_EQ(first.status, 201) << first.text;
  load.add(disk, first.at("id"));
  const access::Reply second = api.post("/entries/" + first.at("id") + "/corrections",
                                        R"({"title":"mended","reason":"mistyped"})", api.owner);
  ASSERT_EQ(second.status, 201) << second.text;
  load.add(disk, first.at("id"), 2);
  const std::lock_guard lock(load.mutex);
  ++load.corrected;
}

void write(History& api, const db::TestDisk& disk, int writer, const std::string& contact,
           Load& load) {
  for (int i = 0; i < kPosts; ++i) {
    if (i == kPosts / 2) correct(api, disk, contact, load);
    std::string body;
    const int count = i % 4 == 3 ? kArray : 1;
    for (int n = 0; n < count; ++n) {
      std::string key = std::to_string(writer);
      for (const int number : {i, n}) key.append("-").append(std::to_string(number));
      if (n > 0) body += ',';
      body += draft(contact, key);
      const std::lock_guard lock(load.mutex);
      load.sent.insert(key);
    }
    if (count > 1) body.insert(0, "[").append("]");
    const access::Reply reply = api.post("/entries", body, api.owner);
    ASSERT_EQ(reply.status, 201) << reply.text;
    for (int n = 0; n < count; ++n) {
      load.add(disk, reply.at(count > 1 ? "items." + std::to_string(n) + ".id" : "id"));
    }
    // Whoever reads has the index brought up to date, and so its log filled.
    api.database->read(db::kNoBusiness, [](db::Tx&) {});
  }
}

/// Whether both logs came to a checkpoint besides those of the beginning and of the end, and so
/// began anew.
bool checkpointed(const db::TestDisk& disk) {
  return disk.syncs("annals.db").size() > 3 && disk.syncs("derived.db").size() > 3;
}

/// A workload on `disk`, from the first file to the last checkpoint.
void run(const db::TestDisk& disk, Load& load, bool durable) {
  History api(kWalBytesMax);
  std::vector<std::string> contacts;
  contacts.reserve(kWriters);
  for (int i = 0; i < kWriters; ++i) {
    contacts.push_back(api.post("/contacts", R"({"given_name":"Anna"})", api.owner).at("id"));
  }
  if (!durable) {
    api.database->write(db::kNoBusiness, [](db::Tx& tx) {
      tx.execute("COMMIT", {});  // it cannot be changed inside a transaction
      tx.execute("PRAGMA synchronous=NORMAL", {});
      tx.execute("BEGIN IMMEDIATE", {});
    });
  }
  std::vector<std::thread> writers;
  writers.reserve(kWriters);
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back(
        [&, w] { write(api, disk, w, contacts[static_cast<std::size_t>(w)], load); });
  }
  for (std::thread& writer : writers) writer.join();
  // How soon the logs come to their checkpoints depends on how the writes were grouped.
  for (int i = 0; durable && i < kMoreWriters && !checkpointed(disk); ++i) {
    write(api, disk, kWriters + i, contacts.front(), load);
  }
}

/// A data folder as a power cut left it.
class Image {
 public:
  Image(const db::TestDisk& disk, std::size_t moment, Unsynced unsynced, std::uint64_t seed) {
    disk.cut(moment, unsynced, seed, folder_.path());
    open();
  }

  [[nodiscard]] std::vector<std::string> rows(const std::string& sql) {
    return database_->read(db::kNoBusiness, [&](db::Tx& tx) {
      std::vector<std::string> found;
      db::Rows rows = tx.query(sql, {});
      while (rows.next()) found.push_back(rows->string(0));
      return found;
    });
  }

  void check_order() {
    const std::vector<std::string> ok = {"ok"};
    EXPECT_EQ(rows("PRAGMA main.integrity_check"), ok);
    EXPECT_EQ(rows("PRAGMA other.integrity_check"), ok);
    EXPECT_EQ(rows("SELECT business FROM journal GROUP BY business "
                   "HAVING min(leaf_index) <> 0 OR max(leaf_index) <> count(*) - 1 "
                   "OR count(DISTINCT leaf_index) <> count(*)"),
              std::vector<std::string>());
    EXPECT_EQ(rows("SELECT hex(contact) FROM journal GROUP BY business, contact "
                   "HAVING min(contact_seq) <> 1 OR max(contact_seq) <> count(*) "
                   "OR count(DISTINCT contact_seq) <> count(*)"),
              std::vector<std::string>());
    EXPECT_EQ(rows("SELECT pos FROM idempotency WHERE pos NOT IN (SELECT pos FROM journal)"),
              std::vector<std::string>());
    EXPECT_EQ(rows("SELECT count(*) FROM journal j JOIN other.timeline t ON t.pos = j.pos"),
              rows("SELECT count(*) FROM journal WHERE kind < 3"));
  }

  /// How many acknowledged versions are not there.
  std::size_t lost(const Load& load, std::size_t moment) {
    std::set<std::string> there;
    for (std::string& row : rows("SELECT hex(entry) || ' ' || version FROM journal")) {
      EXPECT_TRUE(there.insert(row).second) << row << " is there twice";
    }
    std::size_t missing = 0;
    for (const Acknowledged& one : load.acknowledged) {
      if (one.moment > moment) continue;
      missing += there.contains(hex(one.entry) + " " + std::to_string(one.version)) ? 0U : 1U;
    }
    return missing;
  }

  /// What is there was sent, and each draft once.
  void check_keys(const Load& load) {
    std::set<std::string> keys;
    for (std::string& key : rows("SELECT json_extract(record, '$.origin.source_id') FROM journal "
                                 "WHERE json_extract(record, '$.origin.source_id') IS NOT NULL")) {
      EXPECT_TRUE(load.sent.contains(key)) << key;
      EXPECT_TRUE(keys.insert(key).second) << key << " is there twice";
    }
  }

  /// Every derived row as text. Of full-text tables, which differ by how they came about, what the
  /// entries' one finds.
  std::vector<std::string> derived() {
    const std::vector<std::string> selects = rows(
        "SELECT 'SELECT ''' || t.name || ' '' || ' "
        "|| group_concat('quote(' || c.name || ')', ' || '' '' || ') "
        "|| ' FROM other.' || t.name "
        "|| CASE t.name WHEN 'tally' THEN ' WHERE n <> 0' ELSE '' END || ' ORDER BY 1' "
        "FROM other.sqlite_schema t JOIN pragma_table_info(t.name, 'other') c "
        "WHERE t.type = 'table' AND t.name NOT LIKE '%search%' AND c.name <> 'number' "
        "AND t.name <> 'tree_hashes' "
        "GROUP BY t.name ORDER BY t.name");
    std::vector<std::string> all =
        rows("SELECT rowid FROM other.entry_search WHERE entry_search MATCH 'word' ORDER BY rowid");
    for (const std::string& select : selects) {
      for (std::string& row : rows(select)) all.push_back(std::move(row));
    }
    // How many hashes a row has follows from how many leaves came at once.
    for (std::string& row :
         rows("SELECT 'tree ' || business || ' ' || level || ' ' || group_concat(hex(hashes), '') "
              "FROM (SELECT * FROM other.tree_hashes ORDER BY business, level, idx) "
              "GROUP BY business, level ORDER BY business, level")) {
      all.push_back(std::move(row));
    }
    return all;
  }

  void rebuild() {
    database_.reset();
    db::forget_derived(folder_.path());
    open();
  }

 private:
  void open() {
    database_ =
        db::open_sqlite({.folder = folder_.path(), .derive = entries::derivation(contacts::index)});
  }
  // As SQL's hex() has it.
  static std::string hex(std::string id) {
    std::erase(id, '-');
    std::transform(id.begin(), id.end(), id.begin(), [](char c) {
      return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return id;
  }

  base::TempFolder folder_;
  std::unique_ptr<db::Database> database_;
};

class PowerCut : public testing::Test {
 protected:
  void SetUp() override {
    if (!db::test_server().empty()) GTEST_SKIP() << "what PostgreSQL syncs is not ours to test";
  }

  db::TestDisk disk_;
  Load load_;
};

TEST_F(PowerCut, LosesNothingThatWasAcknowledged) {
  run(disk_, load_, true);
  disk_.stop();
  ASSERT_EQ(load_.acknowledged.size(), load_.sent.size() + 2 * load_.corrected);
  const base::SeededRandom random(1);
  std::vector<std::size_t> moments = disk_.syncs();
  ASSERT_TRUE(checkpointed(disk_));
  for (std::size_t i = 0; i < kBetween; ++i)
    moments.push_back(random.below(static_cast<std::uint32_t>(disk_.moment())));
  moments.push_back(disk_.moment());
  std::size_t images = 0;
  for (const std::size_t moment : moments) {
    std::vector<Unsynced> variants(kSomeVariants, Unsynced::kSome);
    variants.push_back(Unsynced::kNone);
    variants.push_back(Unsynced::kAll);
    for (const Unsynced unsynced : variants) {
      const std::uint64_t seed = images;
      SCOPED_TRACE("moment " + std::to_string(moment) + ", seed " + std::to_string(seed) +
                   ", variant " + std::to_string(static_cast<int>(unsynced)));
      Image image(disk_, moment, unsynced, seed);
      EXPECT_EQ(image.lost(load_, moment), 0U);
      image.check_keys(load_);
      image.check_order();
      if (++images % kRebuildEvery == 0) {
        const std::vector<std::string> before = image.derived();
        EXPECT_FALSE(before.empty());
        image.rebuild();
        EXPECT_EQ(image.derived(), before);
      }
      if (HasFailure()) return;  // the first one tells
    }
  }
  std::cout << images << " images of " << moments.size() << " moments, " << disk_.moment()
            << " events\n";
}

// The control: the test above finds a loss where commits are not synced.
TEST_F(PowerCut, IsSeenToLoseWhatIsNotSynced) {
  run(disk_, load_, false);
  disk_.stop();
  std::size_t lost = 0;
  for (const std::size_t moment : disk_.syncs()) {
    Image image(disk_, moment, Unsynced::kNone, 0);
    lost += image.lost(load_, moment);
  }
  EXPECT_GT(lost, 0U);
  std::cout << lost << " losses\n";
}

}  // namespace
}  // namespace annals::app
