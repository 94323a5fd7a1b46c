#include "ledger/ledger.h"

#include <gtest/gtest.h>
#include <cstdint>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/id.h"
#include "base/temp_folder.h"
#include "db/db.h"
#include "db/test_database.h"

namespace annals::ledger {
namespace {

base::Id id_of(std::uint8_t last) {
  base::Id id;
  id.bytes[15] = last;
  return id;
}

base::Bytes salt() { return base::Bytes(kSaltBytes, 7); }

Place add(db::Tx& tx, const base::Id& contact, std::uint8_t entry) {
  const Place place = take_place(tx, contact);
  const base::Bytes bytes = salt();
  append(tx, {.contact = contact,
              .contact_tag = id_of(99),
              .entry = id_of(entry),
              .place = place,
              .occurred_at = 1,
              .record = "{}",
              .salt = bytes,
              .draft_digest = {}});
  return place;
}

TEST(LedgerTest, EachContactHasAGaplessSequenceAndTheBusinessOneLog) {
  const base::TempFolder folder;
  base::ManualClock clock(1'000);
  const auto database = db::open_for_test({.folder = folder.path(), .clock = &clock});
  database->write(1, [&](db::Tx& tx) {
    const Place a1 = add(tx, id_of(1), 1);
    const Place b1 = add(tx, id_of(2), 2);
    const Place a2 = add(tx, id_of(1), 3);
    EXPECT_EQ(a1.contact_seq, 1);
    EXPECT_EQ(b1.contact_seq, 1);
    EXPECT_EQ(a2.contact_seq, 2);
    EXPECT_EQ(a1.leaf_index, 0);
    EXPECT_EQ(a2.leaf_index, 2);
  });
  const Place other = database->write(2, [&](db::Tx& tx) { return add(tx, id_of(1), 4); });
  EXPECT_EQ(other.contact_seq, 1) << "another business's contact of the same id";
  EXPECT_EQ(other.leaf_index, 0);
}

TEST(LedgerTest, RecordedAtRisesWithinAContactAlsoWhenTheClockGoesBack) {
  const base::TempFolder folder;
  base::ManualClock clock(5'000);
  const auto database = db::open_for_test({.folder = folder.path(), .clock = &clock});
  const auto one = database->write(1, [&](db::Tx& tx) { return add(tx, id_of(1), 1); });
  clock.set(3'000);
  const auto two = database->write(1, [&](db::Tx& tx) { return add(tx, id_of(1), 2); });
  const auto another = database->write(1, [&](db::Tx& tx) { return add(tx, id_of(2), 3); });
  EXPECT_EQ(one.recorded_at, 5'000);
  EXPECT_EQ(two.recorded_at, 5'001);
  EXPECT_EQ(another.recorded_at, 3'000);
}

TEST(LedgerTest, WhatIsRolledBackLeavesNoGap) {
  const base::TempFolder folder;
  const auto database = db::open_for_test({.folder = folder.path()});
  database->write(1, [&](db::Tx& tx) { add(tx, id_of(1), 1); });
  EXPECT_THROW(database->write(1,
                               [&](db::Tx& tx) {
                                 add(tx, id_of(1), 2);
                                 throw base::invalid("", "test", "no");
                               }),
               base::Error);
  database->write(1, [&](db::Tx& tx) {
    EXPECT_THROW(tx.nested([&] {
      add(tx, id_of(1), 3);
      throw base::invalid("", "test", "no");
    }),
                 base::Error);
    const Place place = add(tx, id_of(1), 4);
    EXPECT_EQ(place.contact_seq, 2);
    EXPECT_EQ(place.leaf_index, 1);
  });
}

TEST(LedgerTest, SequencesGoOnAfterARestartAlsoFromRowsThatAreNotDerived) {
  const base::TempFolder folder;
  {
    const auto database = db::open_for_test({.folder = folder.path()});  // nothing derives
    database->write(1, [&](db::Tx& tx) {
      add(tx, id_of(1), 1);
      add(tx, id_of(1), 2);
      add(tx, id_of(2), 3);
    });
  }
  const auto database = db::open_for_test({.folder = folder.path()});
  database->write(1, [&](db::Tx& tx) {
    EXPECT_EQ(add(tx, id_of(1), 4).contact_seq, 3);
    const Place place = add(tx, id_of(2), 5);
    EXPECT_EQ(place.contact_seq, 2);
    EXPECT_EQ(place.leaf_index, 4);
  });
}

TEST(LedgerTest, AnEntryIsFoundBeforeItIsDerived) {
  const base::TempFolder folder;
  const auto database = db::open_for_test({.folder = folder.path()});
  database->write(1, [&](db::Tx& tx) {
    add(tx, id_of(1), 8);
    EXPECT_TRUE(find_entry(tx, id_of(8)).has_value());
    EXPECT_FALSE(find_entry(tx, id_of(9)).has_value());
  });
  database->write(2, [&](db::Tx& tx) {
    EXPECT_FALSE(find_entry(tx, id_of(8)).has_value()) << "of another business";
  });
}

}  // namespace
}  // namespace annals::ledger
