#include "demo/demo.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>

#include "access/access.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/temp_folder.h"
#include "base/time.h"
#include "catalog/catalog.h"
#include "contacts/contacts.h"
#include "db/db.h"
#include "db/sqlite.h"
#include "demo/houses.h"
#include "demo/story.h"
#include "entries/derive.h"

namespace annals::demo {
namespace {

const base::Micros kNow = *base::parse_rfc3339("2024-11-20T14:30:00Z");

std::unique_ptr<db::Database> open(const std::string& folder, const base::Clock& clock) {
  return db::open_sqlite(
      {.folder = folder, .clock = &clock, .derive = entries::derivation(contacts::index)});
}

// Made once: it takes a second or two.
class Demo : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder = std::make_unique<base::TempFolder>();
    clock = std::make_unique<base::ManualClock>(kNow);
    report = make({.folder = path(),
                   .clock = clock.get(),
                   .password_cost = access::kCheapPasswordCost,
                   .open = open});
    database = open(path(), *clock);
  }
  static void TearDownTestSuite() {
    database.reset();
    folder.reset();
  }
  static std::string path() { return folder->path() + "/data"; }

  static std::int64_t number(const std::string& sql) {
    return database->read(db::kNoBusiness, [&](db::Tx& tx) {
      auto rows = tx.query(sql, {});
      return rows.next() ? rows->integer(0) : -1;
    });
  }

  static std::unique_ptr<base::TempFolder> folder;
  static std::unique_ptr<base::ManualClock> clock;
  static std::unique_ptr<db::Database> database;
  static Report report;
};
std::unique_ptr<base::TempFolder> Demo::folder;
std::unique_ptr<base::ManualClock> Demo::clock;
std::unique_ptr<db::Database> Demo::database;
Report Demo::report;

TEST_F(Demo, HasFourBusinessesOfAFewHundredContacts) {
  EXPECT_EQ(number("SELECT count(*) FROM businesses"), 4);
  EXPECT_EQ(number("SELECT count(*) FROM contacts"), report.contacts);
  for (int business = 1; business <= 4; ++business) {
    const std::string of = " WHERE business = " + std::to_string(business);
    EXPECT_GT(number("SELECT count(*) FROM contacts" + of), 200);
    EXPECT_GT(number("SELECT count(*) FROM journal" + of), 2'000);
    EXPECT_GT(number("SELECT count(DISTINCT role) FROM staff" + of), 2);
    EXPECT_GT(number("SELECT count(*) FROM tasks" + of + " AND status = 'open'"), 0);
    EXPECT_GT(number("SELECT count(*) FROM pins" + of), 0);
    EXPECT_GT(number("SELECT count(*) FROM journal" + of + " AND kind = 2"), 0) << "corrections";
    EXPECT_GT(number("SELECT count(*) FROM journal" + of + " AND kind = 3"), 0) << "retractions";
    EXPECT_GT(number("SELECT count(*) FROM journal" + of + " AND kind = 4"), 100) << "deliveries";
    EXPECT_GT(number("SELECT count(*) FROM attachments" + of), 0);
  }
  EXPECT_EQ(number("SELECT count(*) FROM contacts WHERE merged_into IS NOT NULL"), 1);
  EXPECT_GT(number("SELECT count(*) FROM contacts WHERE organization IS NOT NULL"), 10);
}

TEST_F(Demo, HasTheKeysThatSignItsLedgers) {
  const auto all =
      database->read(db::kNoBusiness, [](db::Tx& tx) { return access::all_businesses(tx); });
  ASSERT_EQ(all.size(), 4U);
  for (const access::Business& business : all) {
    EXPECT_TRUE(std::filesystem::exists(path() + "/keys/" + business.id.text() + ".key"));
  }
  EXPECT_EQ(number("SELECT count(*) FROM ledger_keys"), 4);
}

TEST_F(Demo, HasEveryTypeOfTheCatalog) {
  std::set<std::string> told;
  database->read(db::kNoBusiness, [&](db::Tx& tx) {
    auto rows = tx.query("SELECT record FROM journal WHERE kind = 1", {});
    while (rows.next()) told.insert(base::parse_json(rows->text(0)).find("type")->text());
  });
  for (const catalog::Type& type : catalog::builtin_types()) {
    EXPECT_TRUE(told.contains(std::string(type.name))) << type.name;
  }
}

TEST_F(Demo, OnePersonSignsInToAllFour) {
  EXPECT_EQ(number("SELECT count(*) FROM staff WHERE role = 'owner' AND email_folded = "
                   "'demo@annals.example'"),
            4);
}

TEST_F(Demo, EndsNow) {
  EXPECT_LE(number("SELECT max(occurred_at) FROM journal"), kNow);
  EXPECT_LE(number("SELECT max(recorded_at) FROM journal"), kNow + base::kMicrosPerSecond);
  EXPECT_GT(number("SELECT max(occurred_at) FROM journal"), kNow - base::kMicrosPerDay);
  EXPECT_LT(number("SELECT min(occurred_at) FROM journal"), kNow - 500 * base::kMicrosPerDay);
}

// What a person would stumble over.
TEST_F(Demo, NoEntryComesBeforeItsContact) {
  EXPECT_EQ(number(R"(
    SELECT count(*) FROM journal e
    JOIN journal c ON c.business = e.business AND c.contact = e.contact
    WHERE e.kind = 1 AND c.contact_seq = 1 AND e.occurred_at < c.occurred_at)"),
            0);
}

TEST_F(Demo, NothingIsRecordedBeforeItHappened) {
  EXPECT_EQ(number("SELECT count(*) FROM journal WHERE recorded_at < occurred_at"), 0);
}

TEST_F(Demo, RefusesAFolderThatHoldsSomething) {
  EXPECT_THROW((void)make({.folder = path(), .clock = clock.get(), .open = open}), base::Error);
}

TEST(DemoStory, OneSeedTellsOneStory) {
  const auto told = [](std::uint64_t seed) {
    std::string all;
    for (const auto& tell : {studio, clinic, seminar_house, club}) {
      for (const Step& step : tell(kNow, seed).steps()) {
        all += std::to_string(step.at) + step.json.dump() + step.path + "\n";
      }
    }
    return all;
  };
  const std::string once = told(1);
  EXPECT_EQ(once, told(1));
  EXPECT_NE(once, told(2));
}

TEST(DemoStory, EndsAtWhateverNowIs) {
  for (const char* now : {"2024-02-29T00:00:01Z", "2025-03-30T01:30:00Z", "2030-12-31T23:59:59Z"}) {
    const base::Micros at = *base::parse_rfc3339(now);
    for (const auto& tell : {studio, clinic, seminar_house, club}) {
      for (const Step& step : tell(at, 3).steps()) EXPECT_LE(step.at, at);
    }
  }
}

}  // namespace
}  // namespace annals::demo
