// Rules of the model that are not to be seen over HTTP: what the tables hold, and what never
// changes in them.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "access/test_api.h"
#include "app/test_history.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "base/json.h"
#include "db/db.h"
#include "db/test_database.h"
#include "http/message.h"

namespace annals::app {
namespace {

using Names = std::set<std::string>;

class Rules : public testing::Test {
 protected:
  // These look into the files; what holds for PostgreSQL is in db/postgres_test.cc.
  void SetUp() override {
    if (!db::test_server().empty()) GTEST_SKIP();
  }
  Rules() : anna_(person()) {}

  std::string person() { return id_of(api_.post("/contacts", R"({"given_name":"A"})", owner())); }
  std::string record(const std::string& more = "") {
    return id_of(api_.post(
        "/entries", R"({"type":"note","contact":{"id":")" + anna_ + "\"}" + more + "}", owner()));
  }
  // Of a POST that has to come through.
  static std::string id_of(const access::Reply& reply) {
    EXPECT_LT(reply.status, 300) << reply.text;
    return reply.at("id");
  }
  const std::string& owner() { return api_.owner; }

  void execute(const std::string& sql) {
    api_.database->write(db::kNoBusiness, [&](db::Tx& tx) { tx.execute(sql, {}); });
  }
  // The first column of each row.
  std::vector<std::string> rows(const std::string& sql) {
    return api_.database->read(db::kNoBusiness, [&](db::Tx& tx) {
      std::vector<std::string> found;
      db::Rows rows = tx.query(sql, {});
      while (rows.next()) found.push_back(rows->string(0));
      return found;
    });
  }
  Names names(const std::string& sql) {
    const std::vector<std::string> found = rows(sql);
    return {found.begin(), found.end()};
  }

  History api_;
  std::string anna_;
};

TEST_F(Rules, EntryRowsAreInsertOnly) {
  int triggers = 0;
  for (const char* table : {"journal", "supersession", "idempotency"}) {
    for (const char* change : {"UPDATE", "DELETE"}) {
      std::string sql = "CREATE TRIGGER refuse_" + std::to_string(++triggers) + " BEFORE ";
      sql.append(change).append(" ON ").append(table);
      execute(sql + " BEGIN SELECT RAISE(ABORT, 'insert-only'); END");
    }
  }
  const std::string keyed = R"(,"source":"till","source_id":"1","origin":"manual")";
  const std::string entry = record(keyed);
  EXPECT_EQ(record(keyed), entry);
  const std::string path = "/entries/" + entry;
  id_of(api_.post(path + "/corrections", R"({"reason":"r","title":"T"})", owner()));
  id_of(api_.post(path + "/corrections", R"({"reason":"r","private":true})", owner()));
  EXPECT_EQ(api_.send(http::Method::kPut, path + "/pin", "", owner()).status, 204);
  EXPECT_EQ(api_.remove(path + "/pin", owner()).status, 204);
  id_of(api_.post(path + "/retraction", R"({"reason":"r"})", owner()));
  EXPECT_EQ(api_.patch("/contacts/" + anna_, R"({"language":"de"})", owner()).status, 200);
  const std::string other = person();
  id_of(api_.post("/contacts/" + other + "/merge", R"({"into":")" + anna_ + "\"}", owner()));
  id_of(api_.post("/contacts/" + other + "/unmerge", "", owner()));
  const std::string task =
      id_of(api_.post("/tasks", R"({"title":"T","contact":{"id":")" + anna_ + "\"}}", owner()));
  id_of(api_.post("/tasks/" + task + "/complete", "", owner()));
  EXPECT_EQ(rows("SELECT kind FROM journal WHERE version > 1"),
            (std::vector<std::string>{"2", "2", "3"}));
  // The triggers are awake.
  EXPECT_ANY_THROW(execute("UPDATE journal SET record = ''"));
  EXPECT_ANY_THROW(execute("DELETE FROM supersession"));
}

TEST_F(Rules, RecordedByIsInTheRecordAndIsTheCredential) {
  const std::string key = api_.make_key("admin", owner());
  id_of(api_.post("/entries",
                  R"({"type":"call","contact":{"id":")" + anna_ +
                      R"("},"actor":{"kind":"staff","name":"Somebody"}})",
                  key));
  const base::Json record =
      base::parse_json(rows("SELECT record FROM journal ORDER BY pos DESC LIMIT 1").front());
  EXPECT_EQ(record.find("type")->text(), "call");
  EXPECT_EQ(record.find("recorded_by")->find("kind")->text(), "api_key");
  EXPECT_EQ(record.find("recorded_by")->find("name")->text(), "key");
  EXPECT_EQ(record.find("actor")->find("name")->text(), "Somebody");
}

TEST_F(Rules, TheIdempotencyIndexHoldsAKeyedHashAndNoClearText) {
  record(R"(,"source":"till","source_id":"4711")");
  const std::string stored =
      rows("SELECT printf('%016x', h) || lower(hex(key)) FROM idempotency").front();
  const base::Bytes secret = api_.database->read(db::kNoBusiness, [](db::Tx& tx) {
    db::Rows rows = tx.query("SELECT secret FROM businesses", {});
    EXPECT_TRUE(rows.next());
    return base::Bytes(rows->blob(0).begin(), rows->blob(0).end());
  });
  // h is the first eight bytes, the lowest first.
  const auto as_stored = [](base::Digest digest) {
    std::reverse(digest.begin(), digest.begin() + 8);
    return base::hex(digest);
  };
  const std::string clear = std::string(
      "till\0"
      "4711",
      9);
  EXPECT_EQ(stored, as_stored(base::hmac_sha256(secret, {base::as_bytes(clear)})));
  EXPECT_NE(stored, as_stored(base::sha256({base::as_bytes(clear)})));
}

// As the erasure of a contact leaves its journal rows: blank, with their leaves.
TEST_F(Rules, AfterAnErasureTheHashAloneIsADuplicate) {
  const std::string keyed = R"(,"source":"till","source_id":"1","origin":"manual","title":)";
  const std::string entry = record(keyed + R"("Before")");
  execute("UPDATE journal SET record = '', salt = x'' WHERE contact_seq = 2");
  for (const char* title : {R"("Before"})", R"("After"})"}) {
    const std::string draft = R"({"type":"note","contact":{"id":")" + anna_ + "\"}" + keyed + title;
    const access::Reply again = api_.post("/entries", draft, owner());
    EXPECT_EQ(again.status, 200) << again.text;
    EXPECT_EQ(again.at("id"), entry);
    EXPECT_EQ(again.at("status"), "duplicate");
    EXPECT_EQ(again.at("erased"), "true");
  }
  EXPECT_EQ(rows("SELECT count(*) || '' FROM journal WHERE contact_seq > 2").front(), "0");
  EXPECT_EQ(
      api_.post("/entries/" + entry + "/corrections", R"({"reason":"r","title":"T"})", owner())
          .status,
      409);
}

// What stands in both files.
constexpr const char* kTables = R"(
  SELECT name FROM main.sqlite_schema WHERE type = 'table'
  UNION SELECT name FROM other.sqlite_schema WHERE type = 'table')";
constexpr const char* kTablesOfABusiness = R"(
  SELECT t.name FROM main.sqlite_schema t JOIN pragma_table_info(t.name, 'main') c
  WHERE t.type = 'table' AND c.name = 'business'
  UNION SELECT t.name FROM other.sqlite_schema t JOIN pragma_table_info(t.name, 'other') c
  WHERE t.type = 'table' AND c.name = 'business')";
constexpr const char* kIndexesLedByAnother = R"(
  SELECT t.name || ' by ' || x.name
  FROM main.sqlite_schema t JOIN pragma_index_list(t.name, 'main') i
  JOIN pragma_index_info(i.name, 'main') x
  WHERE t.type = 'table' AND x.seqno = 0 AND x.name <> 'business'
  UNION SELECT t.name || ' by ' || x.name
  FROM other.sqlite_schema t JOIN pragma_index_list(t.name, 'other') i
  JOIN pragma_index_info(i.name, 'other') x
  WHERE t.type = 'table' AND x.seqno = 0 AND x.name <> 'business')";

// FTS5 keeps tables of its own; the terms in them begin with the business's number.
void leave_out_full_text(Names& names) {
  std::erase_if(names, [](const std::string& name) {
    return name.starts_with("entry_search") || name.starts_with("contact_search");
  });
}

TEST_F(Rules, EveryTableIsLedByItsBusiness) {
  Names without = names(kTables);
  for (const std::string& name : names(kTablesOfABusiness)) EXPECT_EQ(without.erase(name), 1U);
  leave_out_full_text(without);
  EXPECT_EQ(without, (Names{
                         "applied",      // how far the derived file is
                         "idempotency",  // the business's secret is in the hash
                         "probe",        // whether the disk takes writes
                     }));
}

TEST_F(Rules, EveryKeyAndIndexIsLedByItsBusiness) {
  Names led_by_another = names(kIndexesLedByAnother);
  leave_out_full_text(led_by_another);
  EXPECT_EQ(led_by_another, (Names{
                                // Who asks, before the business is known.
                                "api_keys by secret_hash",
                                "businesses by id",
                                "sessions by token_hash",
                                "staff by email_folded",
                                // Housekeeping, for all businesses at once.
                                "attachments by sha256",
                                "sessions by used_at",
                            }));
}

}  // namespace
}  // namespace annals::app
