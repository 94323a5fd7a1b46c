#include "entries/derive.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>

#include "access/actor.h"
#include "base/encoding.h"
#include "base/id.h"
#include "base/json.h"
#include "base/temp_folder.h"
#include "catalog/catalog.h"
#include "db/db.h"
#include "db/test_database.h"
#include "entries/deliver.h"
#include "entries/delivery.h"
#include "entries/draft.h"
#include "entries/entries.h"
#include "entries/filter.h"
#include "entries/revise.h"
#include "entries/timeline.h"

namespace annals::entries {
namespace {

constexpr const char* kBusiness = R"(
  INSERT INTO businesses (business, id, name, time_zone, locale, currency, country, secret,
                          created_at)
  VALUES (1, $1, 'B', 'Europe/Berlin', 'de', 'EUR', 'DE', $2, 0))";

db::Options options(const base::TempFolder& folder) {
  return {.folder = folder.path(), .derive = derivation({})};
}

// A query with what its columns hold: b for bytes, i for an integer, t for a text.
struct Table {
  const char* columns;
  const char* sql;
};

std::string cell(const db::Row& row, int column, char kind) {
  if (kind == 'b') return base::hex(row.blob(column));
  return kind == 't' ? row.string(column) : std::to_string(row.integer(column));
}

// Every derived table as text, in a fixed order.
std::string dump(db::Database& database) {
  static constexpr std::array<Table, 6> kTables = {
      Table{"biiiitt",
            "SELECT contact, occurred_at, pos, hidden_at, retracted_at, type, status FROM timeline "
            "ORDER BY contact, occurred_at, pos"},
      Table{"iiiit",
            "SELECT occurred_at, pos, hidden_at, retracted_at, status FROM timeline_all "
            "ORDER BY occurred_at, pos"},
      Table{"bii", "SELECT contact, seq, recorded_at FROM heads ORDER BY contact"},
      Table{"itti", "SELECT day, type, status, n FROM tally WHERE n <> 0 ORDER BY 1, 2, 3"},
      Table{"biit",
            "SELECT entry, pos, recorded_at, status_before FROM delivery_events ORDER BY 1, 2"},
      Table{"bii", "SELECT entry, version, pos FROM entry_versions ORDER BY entry, version"}};
  return database.read(1, [](db::Tx& tx) {
    std::string out;
    for (const Table& table : kTables) {
      db::Rows rows = tx.query(table.sql, {});
      while (rows.next()) {
        int column = 0;
        for (const char* kind = table.columns; *kind != '\0'; ++kind) {
          out += cell(*rows, column++, *kind) + "|";
        }
        out += "\n";
      }
      out += "--\n";
    }
    Filter filter;
    filter.words = {"hello"};
    Scope scope;
    scope.sight.all = true;
    for (const Line& line : page(tx, filter, scope, {}, 100)) {
      out += std::to_string(line.at.pos) + "\n";
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
  auto database = db::open_for_test(options(folder));
  database->write(db::kNoBusiness, [&](db::Tx& tx) {
    tx.execute(kBusiness, {actor.business_id, base::ByteSpan(base::Bytes(32, 1))});
  });
  for (int i = 0; i < 40; ++i) {
    database->write(1, [&](db::Tx& tx) {
      const ContactRef contact{base::Id{{static_cast<std::uint8_t>(i % 3 + 1)}}, base::Id{}};
      Draft draft;
      draft.type = i % 2 == 0 ? "note" : "email.sent";
      draft.title = "hello " + std::to_string(i);
      draft.occurred_at = 1'700'000'000'000'000 + i % 7;
      const Recorded recorded = record(tx, actor, contact, draft);
      const catalog::Sight sight = catalog::sight(tx, actor);
      if (i % 3 == 1 && i % 2 == 1) {
        for (const char* status : {"bounced", "opened"}) {
          const std::string json = std::string(R"({"status":")") + status + "\"}";
          deliver(tx, actor, sight, recorded.id, parse_delivery_draft(base::parse_json(json)));
        }
      }
      if (i % 5 == 0) {
        const Correction correction =
            parse_correction(base::parse_json(R"({"title":"hello again","reason":"r"})"));
        correct(tx, actor, sight, recorded.id, correction);
      }
      if (i % 6 == 0) retract(tx, actor, sight, recorded.id, "r");
      if (i % 7 == 0 && draft.type != "note") {
        deliver(tx, actor, sight, recorded.id,
                parse_delivery_draft(base::parse_json(R"({"status":"complained"})")));
      }
    });
  }
  const std::string before = dump(*database);
  EXPECT_NE(before.find("|note|"), std::string::npos);
  EXPECT_NE(before.find("|email.sent|bounced|"), std::string::npos);
  db::forget_for_test(database, options(folder), 1);
  EXPECT_EQ(dump(*database), before);
}

}  // namespace
}  // namespace annals::entries
