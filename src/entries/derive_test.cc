#include "entries/derive.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "access/actor.h"
#include "base/encoding.h"
#include "base/id.h"
#include "base/json.h"
#include "base/temp_folder.h"
#include "catalog/catalog.h"
#include "db/db.h"
#include "db/sqlite.h"
#include "entries/draft.h"
#include "entries/entries.h"
#include "entries/revise.h"

namespace annals::entries {
namespace {

constexpr const char* kBusiness = R"(
  INSERT INTO businesses (business, id, name, time_zone, locale, currency, country, secret,
                          created_at)
  VALUES (1, $1, 'B', 'Europe/Berlin', 'de', 'EUR', 'DE', $2, 0))";

db::Options options(const base::TempFolder& folder) {
  return {.folder = folder.path(), .derive = derivation({})};
}

// Every derived table as text, in a fixed order.
std::string dump(db::Database& database) {
  return database.read(1, [](db::Tx& tx) {
    std::string out;
    for (const char* sql :
         {"SELECT hex(contact)||'|'||occurred_at||'|'||pos||'|'||coalesce(hidden_at,0)||'|'||"
          "coalesce(retracted_at,0)||'|'||type FROM timeline ORDER BY 1",
          "SELECT occurred_at||'|'||pos||'|'||coalesce(hidden_at,0)||'|'||coalesce(retracted_at,0) "
          "FROM timeline_all ORDER BY 1",
          "SELECT hex(contact)||'|'||seq||'|'||recorded_at FROM heads ORDER BY 1",
          "SELECT day||'|'||type||'|'||n FROM tally WHERE n <> 0 ORDER BY 1",
          "SELECT hex(entry)||'|'||version||'|'||pos FROM entry_versions ORDER BY 1",
          "SELECT rowid||'' FROM entry_search WHERE entry_search MATCH '\"1:hello\"' ORDER BY 1"}) {
      db::Rows rows = tx.query(sql, {});
      while (rows.next()) out += rows->string(0) + "\n";
      out += "--\n";
    }
    return out;
  });
}

TEST(DeriveTest, RebuildingGivesTheSameTables) {
  const base::TempFolder folder;
  access::Actor actor = access::system_actor(1, base::make_id(1), "Europe/Berlin", "DE");
  actor.kind = access::Actor::Kind::kStaff;
  actor.role = access::Role::kOwner;
  actor.id = base::make_id(2);
  std::string before;
  {
    const auto database = db::open_sqlite(options(folder));
    database->write(db::kNoBusiness, [&](db::Tx& tx) {
      tx.execute(kBusiness, {actor.business_id, base::ByteSpan(base::Bytes(32, 1))});
    });
    for (int i = 0; i < 40; ++i) {
      database->write(1, [&](db::Tx& tx) {
        const ContactRef contact{base::Id{{static_cast<std::uint8_t>(i % 3 + 1)}}, base::Id{}};
        Draft draft;
        draft.type = i % 2 == 0 ? "note" : "call";
        draft.title = "hello " + std::to_string(i);
        draft.occurred_at = 1'700'000'000'000'000 + i % 7;
        const Recorded recorded = record(tx, actor, contact, draft);
        const catalog::Sight sight = catalog::sight(tx, actor);
        if (i % 5 == 0) {
          const Correction correction =
              parse_correction(base::parse_json(R"({"title":"hello again","reason":"r"})"));
          correct(tx, actor, sight, recorded.id, correction);
        }
        if (i % 6 == 0) retract(tx, actor, sight, recorded.id, "r");
      });
    }
    before = dump(*database);
  }
  EXPECT_NE(before.find("|note|"), std::string::npos);
  db::forget_derived(folder.path());
  const auto database = db::open_sqlite(options(folder));
  EXPECT_EQ(dump(*database), before);
}

}  // namespace
}  // namespace annals::entries
