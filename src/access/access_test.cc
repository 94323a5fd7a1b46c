// Set-up, sign-in, businesses, staff and API keys, through their routes.
#include "access/access.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "access/actor.h"
#include "access/credential.h"
#include "access/password.h"
#include "access/route.h"
#include "access/test_api.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "db/db.h"
#include "http/message.h"

namespace annals::access {
namespace {

using Minutes = std::int64_t;
constexpr base::Micros kMinute = 60 * base::kMicrosPerSecond;

TEST(Setup, makes_the_first_owner_and_signs_in) {
  int seeded = 0;
  TestApi api({.seed = [&](db::Tx& tx, db::BusinessKey business) {
    EXPECT_TRUE(tx.writable());
    EXPECT_EQ(business, 1);
    ++seeded;
  }});
  EXPECT_EQ(api.get("/setup", "").text, R"({"needed":true})");
  const Reply reply = api.post("/setup", TestApi::kSetup, "");
  EXPECT_EQ(reply.status, 201) << reply.text;
  EXPECT_EQ(seeded, 1);
  const std::string cookie = TestApi::cookie_of(reply);
  ASSERT_TRUE(cookie.starts_with("annals="));
  const Reply me = api.get("/me", cookie);
  EXPECT_EQ(me.status, 200);
  EXPECT_EQ(me.text, reply.text);
  EXPECT_EQ(me.at("kind"), "staff");
  EXPECT_EQ(me.at("role"), "owner");
  EXPECT_EQ(me.at("email"), "ada@annals.example");
  EXPECT_EQ(me.at("business.name"), "Studio");
  EXPECT_EQ(me.at("business.country"), "DE") << "from the time zone";
  EXPECT_EQ(me.at("businesses.0.id"), me.at("business.id"));
  EXPECT_EQ(api.get("/setup", "").text, R"({"needed":false})");
}

TEST(Setup, happens_once) {
  TestApi api;
  api.set_up();
  const Reply again = api.post("/setup", TestApi::kSetup, "");
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(again.errors(), " already_set_up");
}

TEST(Setup, names_every_field_at_fault_and_stores_nothing) {
  TestApi api;
  const Reply reply = api.post("/setup",
                               R"({"business":{"name":" ","time_zone":"Mars/Base","locale":"x!",)"
                               R"("currency":"XXQ","country":"ZZ","colour":1},)"
                               R"("owner":{"name":"A\u0000","email":"nobody","password":"short"}})",
                               "");
  EXPECT_EQ(reply.status, 422);
  EXPECT_EQ(reply.errors(),
            "business.name required; business.time_zone time_zone; business.locale locale; "
            "business.currency currency; business.country country; "
            "owner.name control_character; owner.email email; owner.password too_short; "
            "business.colour unknown_field");
  EXPECT_EQ(api.get("/setup", "").text, R"({"needed":true})");
  EXPECT_EQ(api.post("/setup", "[]", "").errors(), " type");
  EXPECT_EQ(api.post("/setup", "{", "").status, 400);
  EXPECT_EQ(api.post("/setup", R"({"business":null})", "").errors(),
            "business required; owner required");
}

TEST(Setup, passwords_are_long_and_not_blank) {
  const std::map<std::string, std::string> cases = {
      {"          ", "owner.password password"},
      {"123456789", "owner.password too_short"},
      {std::string(201, 'x'), "owner.password too_long"},
      {std::string(200, 'x'), ""},
  };
  for (const auto& [password, errors] : cases) {
    TestApi api;
    std::string body = TestApi::kSetup;
    body.replace(body.find("correct horse"), 13, password);
    EXPECT_EQ(api.post("/setup", body, "").errors(), errors);
  }
}

// The keys of businesses as a list of what was done.
struct KeyTrace {
  std::string trace;
  bool broken = false;

  LedgerKey key() {
    return {.make =
                [this](const base::Id& business) {
                  if (broken) throw base::Error(base::Code::kUnavailable, "No key.");
                  trace += "make ";
                  return "key of " + business.text();
                },
            .enter = [this](db::Tx& /*tx*/, db::BusinessKey /*business*/,
                            const std::string& verifier) { entered = verifier; },
            .remove = [this](const base::Id& /*business*/) { trace += "remove "; }};
  }
  std::string entered{};
};

TEST(Setup, makes_the_ledgers_key_first) {
  KeyTrace keys;
  TestApi api({.ledger_key = keys.key()});
  keys.broken = true;
  const Reply none = api.post("/setup", TestApi::kSetup, "");
  EXPECT_EQ(none.status, 503);
  EXPECT_EQ(none.at("detail"), "No key.");
  EXPECT_EQ(api.get("/setup", "").text, R"({"needed":true})") << "no half of a business is there";
  keys.broken = false;
  const std::string owner = api.set_up();
  EXPECT_EQ(keys.entered, "key of " + api.get("/me", owner).at("business.id"));
  EXPECT_EQ(keys.trace, "make ");
  EXPECT_EQ(api.post("/setup", TestApi::kSetup, "").status, 409);
  EXPECT_EQ(keys.trace, "make ") << "where there is a business already, no key is made";
}

TEST(Setup, removes_a_key_whose_business_was_not_made) {
  KeyTrace keys;
  bool broken = true;
  TestApi api({.seed =
                   [&](db::Tx& /*tx*/, db::BusinessKey /*business*/) {
                     if (broken) throw base::Error(base::Code::kUnavailable, "No seed.");
                   },
               .ledger_key = keys.key()});
  EXPECT_EQ(api.post("/setup", TestApi::kSetup, "").status, 503);
  EXPECT_EQ(keys.trace, "make remove ");
  broken = false;
  const std::string owner = api.set_up();
  EXPECT_EQ(keys.trace, "make remove make ");
  const std::string other =
      R"({"name":"Süd","time_zone":"Europe/Vienna","locale":"de","currency":"EUR"})";
  const http::Pairs again{{"idempotency-key", "once"}};
  EXPECT_EQ(api.post("/businesses", other, owner, again).status, 201);
  EXPECT_EQ(keys.trace, "make remove make make ");
  EXPECT_EQ(api.post("/businesses", other, owner, again).status, 201);
  EXPECT_EQ(keys.trace, "make remove make make make remove ") << "the reply was a repeated one";
}

TEST(SignIn, needs_the_right_password) {
  TestApi api;
  api.set_up();
  const Reply wrong =
      api.post("/session", R"({"email":"ada@annals.example","password":"wrong"})", "");
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(wrong.errors(), "password credentials");
  const Reply nobody =
      api.post("/session", R"({"email":"eve@annals.example","password":"wrong"})", "");
  EXPECT_EQ(nobody.text, wrong.text) << "an unknown account looks the same";
  const Reply right =
      api.post("/session", R"({"email":"ADA@annals.example","password":"correct horse"})", "");
  EXPECT_EQ(right.status, 201);
  EXPECT_EQ(api.get("/me", TestApi::cookie_of(right)).at("name"), "Ada");
  EXPECT_EQ(api.post("/session", R"({"email":"ada@annals.example"})", "").errors(),
            "password required");
}

TEST(SignIn, is_throttled_by_account) {
  TestApi api;
  api.set_up();
  const std::string wrong = R"({"email":"ada@annals.example","password":"wrong"})";
  for (int i = 0; i < base::limits::kSignInFailuresPerAccountMax; ++i) {
    api.address = "192.0.2." + std::to_string(i);
    EXPECT_EQ(api.post("/session", wrong, "").status, 401);
  }
  const Reply stopped = api.post("/session", wrong, "");
  EXPECT_EQ(stopped.status, 429);
  EXPECT_EQ(stopped.header("Retry-After"), std::to_string(base::limits::kSignInWindowSeconds));
  EXPECT_EQ(api.sign_in("ada@annals.example", "correct horse"), "");
  api.clock.advance(base::limits::kSignInWindowSeconds * base::kMicrosPerSecond);
  EXPECT_NE(api.sign_in("ada@annals.example", "correct horse"), "");
}

TEST(SignIn, is_throttled_by_address) {
  TestApi api;
  api.set_up();
  for (int i = 0; i < base::limits::kSignInFailuresPerAddressMax; ++i) {
    const std::string body =
        R"({"email":"u)" + std::to_string(i) + R"(@x.example","password":"wrong"})";
    EXPECT_EQ(api.post("/session", body, "").status, 401);
  }
  EXPECT_EQ(api.sign_in("ada@annals.example", "correct horse"), "");
  api.address = "192.0.2.99";
  EXPECT_NE(api.sign_in("ada@annals.example", "correct horse"), "") << "not her account's fault";
}

TEST(SignIn, with_what_is_no_address_is_refused_and_not_counted) {
  TestApi api;
  api.set_up();
  for (int i = 0; i <= base::limits::kSignInFailuresPerAddressMax; ++i) {
    ASSERT_EQ(api.post("/session", R"({"email":"' OR 1=1 --","password":"wrong"})", "").status,
              401);
  }
  EXPECT_NE(api.sign_in("ada@annals.example", "correct horse"), "");
}

TEST(SignIn, that_succeeds_counts_for_nothing) {
  TestApi api;
  api.set_up();
  for (int i = 0; i < 2 * base::limits::kSignInFailuresPerAddressMax; ++i) {
    ASSERT_NE(api.sign_in("ada@annals.example", "correct horse"), "");
  }
}

TEST(Session, ends_after_twelve_idle_hours) {
  TestApi api;
  const std::string cookie = api.set_up();
  api.clock.advance(base::limits::kSessionIdleSeconds * base::kMicrosPerSecond - 1);
  EXPECT_EQ(api.get("/me", cookie).status, 200) << "used in time";
  api.clock.advance(base::limits::kSessionIdleSeconds * base::kMicrosPerSecond - 1);
  EXPECT_EQ(api.get("/me", cookie).status, 200) << "use keeps it alive";
  api.clock.advance(base::limits::kSessionIdleSeconds * base::kMicrosPerSecond);
  const Reply over = api.get("/me", cookie);
  EXPECT_EQ(over.status, 401);
  EXPECT_EQ(over.errors(), "Cookie session");
}

std::int64_t used_at(TestApi& api) {
  return api.database->read(db::kNoBusiness, [](db::Tx& tx) {
    auto rows = tx.query("SELECT used_at FROM sessions", {});
    EXPECT_TRUE(rows.next());
    return rows->integer(0);
  });
}

TEST(Session, writes_its_use_at_most_once_a_minute) {
  TestApi api;
  const std::string cookie = api.set_up();
  const base::Micros began = api.clock.now();
  api.clock.advance(kMinute - 1);
  api.get("/me", cookie);
  EXPECT_EQ(used_at(api), began);
  api.clock.advance(1);
  api.get("/me", cookie);
  EXPECT_EQ(used_at(api), began + kMinute);
}

TEST(Session, ends_on_sign_out) {
  TestApi api;
  const std::string cookie = api.set_up();
  EXPECT_EQ(api.get("/me", cookie).status, 200);
  const Reply out = api.remove("/session", cookie);
  EXPECT_EQ(out.status, 204);
  EXPECT_NE(out.header("Set-Cookie").find("Max-Age=0"), std::string::npos);
  EXPECT_EQ(api.get("/me", cookie).status, 401);
  EXPECT_EQ(api.remove("/session", cookie).status, 401);
}

TEST(Session, old_ones_are_removed_when_somebody_signs_in) {
  TestApi api;
  api.set_up();
  api.clock.advance(base::limits::kSessionIdleSeconds * base::kMicrosPerSecond);
  api.sign_in("ada@annals.example", "correct horse");
  EXPECT_EQ(used_at(api), api.clock.now());
}

TEST(Session, of_a_cookie_must_come_from_our_own_pages) {
  TestApi api;
  const std::string cookie = api.set_up();
  const http::Pairs evil = {{"origin", "https://evil.example"}};
  const Reply stopped = api.patch("/staff/x", "{}", cookie, evil);
  EXPECT_EQ(stopped.status, 403);
  EXPECT_EQ(stopped.errors(), "Origin origin");
  const Reply ours = api.post("/api-keys", R"({"name":"k","scopes":["admin"]})", cookie,
                              {{"origin", "https://annals.example"}});
  EXPECT_EQ(ours.status, 201);
  EXPECT_EQ(
      api.post("/api-keys", R"({"name":"k","scopes":["admin"]})", ours.at("secret"), evil).status,
      201)
      << "no browser sends an API key by itself";
  EXPECT_EQ(api.send(http::Method::kGet, "/me", "", cookie, evil).status, 200) << "reading is safe";
  EXPECT_EQ(
      api.post("/session", R"({"email":"ada@annals.example","password":"correct horse"})", "", evil)
          .status,
      403)
      << "nor may another site sign a person in";
}

TEST(Credentials, are_named_in_their_refusal_and_no_more) {
  TestApi api;
  api.set_up();
  EXPECT_EQ(api.get("/me", "").errors(), "Authorization credential");
  EXPECT_EQ(api.get("/me", "annals=nonsense").errors(), "Cookie session");
  EXPECT_EQ(api.get("/me", "ann_nonsense").errors(), "Authorization api_key");
  EXPECT_EQ(api.send(http::Method::kGet, "/me", "", "", {{"authorization", "Basic eDp5"}}).errors(),
            "Authorization credential");
  EXPECT_EQ(api.get("/me", "__Host-annals=x").errors(), "Authorization credential")
      << "that cookie is for TLS";
}

TEST(ApiKeys, are_shown_once_and_work_until_revoked) {
  TestApi api;
  const std::string owner = api.set_up();
  const Reply made =
      api.post("/api-keys", R"({"name":"Booking","scopes":["source:b","entries:write"]})", owner);
  ASSERT_EQ(made.status, 201) << made.text;
  const std::string secret = made.at("secret");
  EXPECT_EQ(secret.size(), 47U);
  EXPECT_EQ(made.at("scopes"), R"(["entries:write","source:b"])");
  const Reply me = api.get("/me", secret);
  EXPECT_EQ(me.at("kind"), "api_key");
  EXPECT_EQ(me.at("name"), "Booking");
  EXPECT_EQ(me.at("scopes.0"), "entries:write");
  EXPECT_EQ(me.at("role"), "");

  const Reply list = api.get("/api-keys", owner);
  EXPECT_EQ(list.text.find(secret), std::string::npos);
  EXPECT_EQ(list.at("items.0.id"), made.at("id"));
  EXPECT_EQ(list.at("items.0.revoked_at"), "");

  EXPECT_EQ(api.remove("/api-keys/" + made.at("id"), owner).status, 204);
  EXPECT_EQ(api.get("/me", secret).status, 401) << "at once";
  EXPECT_NE(api.get("/api-keys", owner).at("items.0.revoked_at"), "");
  EXPECT_EQ(api.remove("/api-keys/" + made.at("id"), owner).status, 204) << "once more is no harm";
  EXPECT_EQ(api.remove("/api-keys/0190163d-8694-739b-aea5-966c26f8ad91", owner).status, 404);
  EXPECT_EQ(api.remove("/api-keys/what", owner).status, 404);
}

TEST(ApiKeys, have_scopes_that_exist) {
  TestApi api;
  const std::string owner = api.set_up();
  EXPECT_EQ(api.post("/api-keys", R"({"name":"k","scopes":["root","source:"]})", owner).errors(),
            "scopes scope; scopes scope");
  EXPECT_EQ(api.post("/api-keys", R"({"name":"k","scopes":[]})", owner).errors(),
            "scopes required");
  EXPECT_EQ(api.post("/api-keys", R"({"name":"k"})", owner).errors(), "scopes required");
  EXPECT_EQ(api.get("/api-keys", owner).at("items"), "[]");
}

TEST(ApiKeys, are_stored_as_a_hash) {
  TestApi api;
  const std::string secret = api.make_key("admin", api.set_up());
  api.database->read(db::kNoBusiness, [&](db::Tx& tx) {
    auto rows = tx.query("SELECT secret_hash FROM api_keys", {});
    ASSERT_TRUE(rows.next());
    EXPECT_EQ(base::as_text(rows->blob(0)), token_hash(secret));
  });
}

TEST(ApiKeys, have_no_session) {
  TestApi api;
  const std::string secret = api.make_key("admin", api.set_up());
  EXPECT_EQ(api.remove("/session", secret).status, 403);
  EXPECT_EQ(api.post("/businesses",
                     R"({"name":"B","time_zone":"UTC","locale":"en","currency":"USD"})", secret)
                .status,
            403);
}

TEST(Staff, of_every_role_can_be_hired_and_listed) {
  TestApi api;
  const std::string owner = api.set_up();
  const Reply made = api.post("/staff",
                              R"({"name":" Bo ","email":"bo@annals.example","role":"manager",)"
                              R"("password":"long enough"})",
                              owner);
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.at("name"), "Bo");
  EXPECT_EQ(made.at("active"), "true");
  EXPECT_EQ(made.header("ETag"), "\"1\"");
  EXPECT_EQ(made.text.find("password"), std::string::npos);
  EXPECT_EQ(api.get("/staff/" + made.at("id"), owner).text, made.text);

  Reply page = api.get("/staff?limit=1", owner);
  EXPECT_EQ(page.at("items.0.name"), "Ada");
  page = api.get("/staff?limit=1&cursor=" + page.at("next_cursor"), owner);
  EXPECT_EQ(page.at("items.0.name"), "Bo");
  EXPECT_EQ(page.at("next_cursor"), "");
  EXPECT_EQ(api.get("/staff?cursor=nonsense", owner).errors(), "cursor cursor");
  EXPECT_EQ(api.get("/staff?limit=0", owner).errors(), "limit range");
  EXPECT_EQ(api.get("/staff?role=owner", owner).errors(), "role unknown_parameter");
}

TEST(Staff, without_a_password_cannot_sign_in) {
  TestApi api;
  const std::string owner = api.set_up();
  api.post("/staff", R"({"name":"Bo","email":"bo@annals.example","role":"staff"})", owner);
  EXPECT_EQ(api.sign_in("bo@annals.example", "long enough"), "");
}

TEST(Staff, have_one_address_each) {
  TestApi api;
  const std::string owner = api.set_up();
  const Reply taken =
      api.post("/staff", R"({"name":"X","email":"Ada@Annals.example","role":"staff"})", owner);
  EXPECT_EQ(taken.status, 409);
  EXPECT_EQ(taken.errors(), "email email_taken");
  EXPECT_EQ(api.post("/staff", R"({"name":"X","email":"x","role":"king"})", owner).errors(),
            "email email; role not_one_of");
}

TEST(Staff, that_is_deactivated_is_out_at_once) {
  TestApi api;
  const std::string owner = api.set_up();
  const std::string bo = api.hire("staff", owner);
  const std::string id = api.get("/me", bo).at("id");
  EXPECT_EQ(api.patch("/staff/" + id, R"({"active":false})", owner).status, 200);
  EXPECT_EQ(api.get("/me", bo).status, 401);
  EXPECT_EQ(api.sign_in("staff@annals.example", "long enough"), "");
  EXPECT_EQ(api.patch("/staff/" + id, R"({"active":true})", owner).status, 200);
  EXPECT_EQ(api.get("/me", bo).status, 401) << "the old session is gone for good";
  EXPECT_NE(api.sign_in("staff@annals.example", "long enough"), "");
}

TEST(Staff, role_changes_hold_at_once) {
  TestApi api;
  const std::string owner = api.set_up();
  const std::string bo = api.hire("staff", owner);
  EXPECT_EQ(api.get("/api-keys", bo).status, 403);
  const std::string id = api.get("/me", bo).at("id");
  EXPECT_EQ(api.patch("/staff/" + id, R"({"role":"owner"})", owner).status, 200);
  EXPECT_EQ(api.get("/api-keys", bo).status, 200);
}

TEST(Staff, changes_obey_if_match) {
  TestApi api;
  const std::string owner = api.set_up();
  const std::string id = api.get("/me", owner).at("id");
  const Reply changed =
      api.patch("/staff/" + id, R"({"name":"Ada L."})", owner, {{"if-match", "\"1\""}});
  EXPECT_EQ(changed.status, 200);
  EXPECT_EQ(changed.header("ETag"), "\"2\"");
  EXPECT_EQ(api.patch("/staff/" + id, R"({"name":"No"})", owner, {{"if-match", "\"1\""}}).status,
            412);
  EXPECT_EQ(api.get("/staff/" + id, owner).at("name"), "Ada L.");
  EXPECT_EQ(api.get("/me", owner).at("name"), "Ada L.");
}

TEST(Staff, the_last_active_owner_stays) {
  TestApi api;
  const std::string owner = api.set_up();
  const std::string id = api.get("/me", owner).at("id");
  EXPECT_EQ(api.patch("/staff/" + id, R"({"role":"staff"})", owner).errors(), "role last_owner");
  EXPECT_EQ(api.patch("/staff/" + id, R"({"active":false})", owner).errors(), "active last_owner");
  const std::string second = api.hire("owner", owner);
  EXPECT_EQ(api.patch("/staff/" + id, R"({"role":"staff"})", owner).status, 200);
  const std::string second_id = api.get("/me", second).at("id");
  EXPECT_EQ(api.patch("/staff/" + second_id, R"({"active":false})", second).status, 409);
}

TEST(Staff, may_change_their_own_name_and_password) {
  TestApi api;
  const std::string owner = api.set_up();
  const std::string bo = api.hire("auditor", owner);
  const std::string here = "/staff/" + api.get("/me", bo).at("id");
  const std::string elsewhere = api.sign_in("auditor@annals.example", "long enough");

  EXPECT_EQ(api.patch(here, R"({"name":"Bo"})", bo).at("name"), "Bo");
  EXPECT_EQ(api.patch(here, R"({"role":"owner"})", bo).errors(), "role role");
  EXPECT_EQ(api.patch(here, R"({"email":"b@annals.example"})", bo).status, 403);
  EXPECT_EQ(api.patch(here, R"({"password":"another one"})", bo).errors(),
            "current_password required");
  EXPECT_EQ(api.patch(here, R"({"password":"another one","current_password":"no"})", bo).errors(),
            "current_password wrong");
  EXPECT_EQ(
      api.patch(here, R"({"password":"another one","current_password":"long enough"})", bo).status,
      200);
  EXPECT_EQ(api.get("/me", bo).status, 200) << "this session goes on";
  EXPECT_EQ(api.get("/me", elsewhere).status, 401) << "others end";
  EXPECT_EQ(api.sign_in("auditor@annals.example", "long enough"), "");
  EXPECT_NE(api.sign_in("auditor@annals.example", "another one"), "");
  EXPECT_EQ(api.patch("/staff/" + api.get("/me", owner).at("id"), R"({"name":"X"})", bo).status,
            403);
}

TEST(Staff, current_password_is_throttled_too) {
  TestApi api;
  const std::string owner = api.set_up();
  const std::string here = "/staff/" + api.get("/me", owner).at("id");
  const std::string wrong = R"({"password":"another one","current_password":"no"})";
  for (int i = 0; i < base::limits::kSignInFailuresPerAccountMax; ++i) {
    EXPECT_EQ(api.patch(here, wrong, owner).status, 422);
  }
  EXPECT_EQ(api.patch(here, wrong, owner).status, 429);
}

TEST(Staff, null_clears_nothing_that_must_be) {
  TestApi api;
  const std::string owner = api.set_up();
  const std::string here = "/staff/" + api.get("/me", owner).at("id");
  EXPECT_EQ(
      api.patch(here, R"({"name":null,"role":null,"email":null,"active":null})", owner).errors(),
      "name required; email required; role required; active required");
}

struct RoleCase {
  const char* role;
  int get_staff, post_staff, get_keys, post_key, post_business, patch_business;
};

TEST(Roles, decide_what_may_be_managed) {
  TestApi api;
  const std::string owner = api.set_up();
  const std::string business = api.get("/me", owner).at("business.id");
  const std::vector<RoleCase> cases = {{"manager", 200, 403, 403, 403, 403, 403},
                                       {"staff", 200, 403, 403, 403, 403, 403},
                                       {"auditor", 200, 403, 403, 403, 403, 403},
                                       {"owner", 200, 201, 200, 201, 201, 200}};
  for (const RoleCase& c : cases) {
    const std::string who = api.hire(c.role, owner);
    const std::string mail = std::string("new-") + c.role + "@annals.example";
    EXPECT_EQ(api.get("/staff", who).status, c.get_staff) << c.role;
    EXPECT_EQ(
        api.post("/staff", R"({"name":"N","email":")" + mail + R"(","role":"staff"})", who).status,
        c.post_staff)
        << c.role;
    EXPECT_EQ(api.get("/api-keys", who).status, c.get_keys) << c.role;
    EXPECT_EQ(api.post("/api-keys", R"({"name":"k","scopes":["admin"]})", who).status, c.post_key)
        << c.role;
    EXPECT_EQ(api.post("/businesses",
                       R"({"name":"B","time_zone":"UTC","locale":"en","currency":"USD"})", who)
                  .status,
              c.post_business)
        << c.role;
    EXPECT_EQ(api.patch("/businesses/" + business, R"({"name":"S"})", who).status, c.patch_business)
        << c.role;
  }
}

TEST(Businesses, never_see_each_other) {
  TestApi api;
  const std::string ada = api.set_up();
  const std::string ada_id = api.get("/me", ada).at("id");
  const std::string key_id =
      api.post("/api-keys", R"({"name":"k","scopes":["admin"]})", ada).at("id");
  add_business(
      *api.database,
      base::parse_json(R"({"business":{"name":"Klinik","time_zone":"Europe/Vilnius","locale":"lt",)"
                       R"("currency":"EUR"},"owner":{"name":"Eve","email":"eve@klinik.example",)"
                       R"("password":"another horse"}})"),
      {.password_cost = kCheapPasswordCost});
  const std::string eve = api.sign_in("eve@klinik.example", "another horse");
  EXPECT_EQ(api.get("/me", eve).at("business.name"), "Klinik");
  EXPECT_EQ(api.get("/businesses", eve).at("items.0.name"), "Klinik");
  EXPECT_EQ(api.get("/businesses", eve).at("items.1.name"), "");
  EXPECT_EQ(api.get("/staff", eve).at("items.0.name"), "Eve");
  EXPECT_EQ(api.get("/staff", eve).at("items.1.name"), "");
  EXPECT_EQ(api.get("/staff/" + ada_id, eve).status, 404);
  EXPECT_EQ(api.patch("/staff/" + ada_id, R"({"active":false})", eve).status, 404);
  EXPECT_EQ(api.get("/api-keys", eve).at("items"), "[]");
  EXPECT_EQ(api.remove("/api-keys/" + key_id, eve).status, 404);
  const std::string studio = api.get("/me", ada).at("business.id");
  EXPECT_EQ(api.patch("/businesses/" + studio, R"({"name":"Mine"})", eve).status, 404);
  EXPECT_EQ(api.get("/me", ada).at("business.name"), "Studio");
}

TEST(Businesses, an_owner_adds_another_and_is_its_owner) {
  TestApi api;
  const std::string ada = api.set_up();
  const Reply made = api.post(
      "/businesses",
      R"({"name":"Club","time_zone":"Europe/Amsterdam","locale":"nl","currency":"EUR"})", ada);
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.at("country"), "NL");
  EXPECT_EQ(api.get("/businesses", ada).at("items.1.name"), "Club");
  EXPECT_EQ(api.get("/me", ada).at("businesses.1.id"), made.at("id"));

  const Reply which =
      api.post("/session", R"({"email":"ada@annals.example","password":"correct horse"})", "");
  EXPECT_EQ(which.status, 409);
  EXPECT_EQ(which.errors(), "business several_businesses");
  EXPECT_EQ(which.at("errors.0.ids.1"), made.at("id"));
  const Reply there = api.post("/session",
                               R"({"email":"ada@annals.example","password":"correct horse",)"
                               R"("business":")" +
                                   made.at("id") + "\"}",
                               "");
  EXPECT_EQ(there.status, 201);
  EXPECT_EQ(there.at("business.name"), "Club");
  EXPECT_EQ(there.at("role"), "owner");
}

TEST(Businesses, are_switched_by_the_person_who_works_in_them) {
  TestApi api;
  const std::string ada = api.set_up();
  const std::string first = api.get("/me", ada).at("business.id");
  const std::string club =
      api.post("/businesses",
               R"({"name":"Club","time_zone":"Europe/Amsterdam","locale":"nl","currency":"EUR"})",
               ada)
          .at("id");
  const auto go = [&](const std::string& where, const std::string& as) {
    return api.send(http::Method::kPut, "/session", R"({"business":")" + where + "\"}", as);
  };
  const Reply there = go(club, ada);
  ASSERT_EQ(there.status, 201) << there.text;
  EXPECT_EQ(there.at("business.name"), "Club");
  EXPECT_EQ(there.at("businesses.0.id"), first);
  const std::string in_club = TestApi::cookie_of(there);
  EXPECT_EQ(api.get("/me", in_club).at("business.id"), club);
  EXPECT_EQ(api.get("/me", ada).status, 401) << "the session before has ended";

  EXPECT_EQ(go(first, api.make_key("admin", in_club)).status, 403);
  EXPECT_EQ(go("019e1a3c-7c11-7a52-8f1e-0d2b3c4d5e6f", in_club).status, 404);
  EXPECT_EQ(go("x", in_club).errors(), "business id");
  const std::string back = TestApi::cookie_of(go(first, in_club));
  const std::string other = api.hire("staff", back);
  EXPECT_EQ(go(club, other).status, 404) << "another person's business";
  EXPECT_EQ(api.get("/me", other).at("business.id"), first);
}

TEST(Businesses, are_not_told_by_an_address_alone) {
  TestApi api;
  const std::string ada = api.set_up();
  add_business(
      *api.database,
      base::parse_json(R"({"business":{"name":"Trap","time_zone":"UTC","locale":"en",)"
                       R"("currency":"USD"},"owner":{"name":"Eve","email":"eve@trap.example",)"
                       R"("password":"another horse"}})"),
      {.password_cost = kCheapPasswordCost});
  const std::string eve = api.sign_in("eve@trap.example", "another horse");
  api.post("/staff",
           R"({"name":"A","email":"ada@annals.example","role":"staff","password":"eve knows it"})",
           eve);
  const std::string fake = api.sign_in("ada@annals.example", "eve knows it");
  EXPECT_EQ(api.get("/me", fake).at("business.name"), "Trap");
  EXPECT_EQ(api.get("/businesses", fake).at("items.1.name"), "")
      << "who names somebody else's address learns nothing about them";
  EXPECT_EQ(api.get("/me", ada).at("businesses.1.name"), "");
}

TEST(Businesses, settings_change_for_everyone_at_once) {
  TestApi api;
  const std::string ada = api.set_up();
  const std::string here = "/businesses/" + api.get("/me", ada).at("business.id");
  EXPECT_EQ(api.patch(here, R"({"time_zone":"Europe/Vilnius","country":null})", ada).status, 200);
  EXPECT_EQ(api.get("/me", ada).at("business.time_zone"), "Europe/Vilnius");
  EXPECT_EQ(api.get("/me", ada).at("business.country"), "");
  EXPECT_EQ(api.patch(here, R"({"currency":null,"name":"","id":1})", ada).errors(),
            "name required; currency required; id unknown_field");
  EXPECT_EQ(api.get("/me", ada).at("business.name"), "Studio");
}

TEST(CommandLine, adds_staff_and_resets_passwords) {
  TestApi api;
  const std::string ada = api.set_up();
  add_staff(*api.database, 1,
            base::parse_json(R"({"name":"Bo","email":"bo@annals.example","role":"manager"})"),
            kCheapPasswordCost);
  const std::string password =
      reset_password(*api.database, "BO@annals.example", db::kNoBusiness, kCheapPasswordCost);
  const std::string bo = api.sign_in("bo@annals.example", password);
  EXPECT_EQ(api.get("/me", bo).at("role"), "manager");
  const std::string newer =
      reset_password(*api.database, "bo@annals.example", 1, kCheapPasswordCost);
  EXPECT_NE(newer, password);
  EXPECT_EQ(api.get("/me", bo).status, 401) << "sessions end";
  EXPECT_EQ(api.get("/me", ada).status, 200) << "of that person alone";
  EXPECT_THROW(static_cast<void>(reset_password(*api.database, "who@annals.example",
                                                db::kNoBusiness, kCheapPasswordCost)),
               base::Error);
}

TEST(CommandLine, a_person_with_the_same_password_is_the_same_person) {
  TestApi api;
  const std::string ada = api.set_up();
  std::string body = TestApi::kSetup;
  body.replace(body.find("Studio"), 6, "Clinic");
  add_business(*api.database, base::parse_json(body), {.password_cost = kCheapPasswordCost});
  EXPECT_EQ(api.get("/businesses", ada).at("items.1.name"), "Clinic");
}

TEST(CommandLine, acts_as_a_staff_member) {
  TestApi api;
  api.set_up();
  api.database->read(db::kNoBusiness, [](db::Tx& tx) {
    const auto actor = staff_actor(tx, 1, "ada@annals.example");
    ASSERT_TRUE(actor);
    EXPECT_EQ(actor->role, Role::kOwner);
    EXPECT_EQ(actor->time_zone, "Europe/Berlin");
    EXPECT_FALSE(staff_actor(tx, 1, "nobody@annals.example"));
    EXPECT_FALSE(staff_actor(tx, 2, "ada@annals.example"));
    EXPECT_EQ(all_businesses(tx).size(), 1U);
  });
}

// A route that counts how often its work was done.
Routes counting(int& done) {
  return {{http::Method::kPost, "/count", Permission::kSignedIn, [&done](const Call& call) {
             const base::Json body = json_body(call.request);
             return call.write([&](db::Tx&) {
               if (body.find("fail") != nullptr) throw base::invalid("fail", "test", "no");
               ++done;
               http::Response reply =
                   http::Response::json(201, R"({"n":)" + std::to_string(done) + "}");
               reply.headers.emplace_back("ETag", "\"7\"");
               return reply;
             });
           }}};
}

TEST(IdempotencyKey, gives_the_same_reply_again) {
  TestApi api;
  int done = 0;
  api.add(counting(done));
  const std::string ada = api.set_up();
  const http::Pairs key = {{"idempotency-key", "one"}};
  const Reply first = api.post("/count", R"({"a":1})", ada, key);
  const Reply again = api.post("/count", R"({"a":1})", ada, key);
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.text, first.text);
  EXPECT_EQ(again.header("ETag"), "\"7\"");
  EXPECT_EQ(first.header("Idempotency-Replayed"), "");
  EXPECT_EQ(again.header("Idempotency-Replayed"), "true");
  EXPECT_EQ(done, 1);
  EXPECT_EQ(api.post("/count", R"({"a":1})", ada, {{"idempotency-key", "two"}}).at("n"), "2");
  EXPECT_EQ(api.post("/count", R"({"a":1})", ada).at("n"), "3");
}

TEST(IdempotencyKey, of_another_request_is_a_conflict) {
  TestApi api;
  int done = 0;
  api.add(counting(done));
  const std::string ada = api.set_up();
  const http::Pairs key = {{"idempotency-key", "one"}};
  api.post("/count", R"({"a":1})", ada, key);
  EXPECT_EQ(api.post("/count", R"({"a":2})", ada, key).errors(),
            "Idempotency-Key idempotency_conflict");
  EXPECT_EQ(api.post("/count?x=1", R"({"a":1})", ada, key).status, 409);
  EXPECT_EQ(api.post("/api-keys", R"({"a":1})", ada, key).status, 422) << "body first";
  EXPECT_EQ(done, 1);
  EXPECT_EQ(api.post("/count", "{}", ada, {{"idempotency-key", std::string(201, 'k')}}).errors(),
            "Idempotency-Key too_long");
}

TEST(IdempotencyKey, belongs_to_a_credential) {
  TestApi api;
  int done = 0;
  api.add(counting(done));
  const std::string ada = api.set_up();
  const std::string bot = api.make_key("admin", ada);
  const http::Pairs key = {{"idempotency-key", "one"}};
  EXPECT_EQ(api.post("/count", "{}", ada, key).at("n"), "1");
  EXPECT_EQ(api.post("/count", "{}", bot, key).at("n"), "2");
  EXPECT_EQ(api.post("/count", "{}", bot, key).at("n"), "2");
}

TEST(IdempotencyKey, of_a_failed_request_may_be_tried_again) {
  TestApi api;
  int done = 0;
  api.add(counting(done));
  const std::string ada = api.set_up();
  const http::Pairs key = {{"idempotency-key", "one"}};
  EXPECT_EQ(api.post("/count", R"({"fail":1})", ada, key).status, 422);
  EXPECT_EQ(api.post("/count", R"({"a":1})", ada, key).status, 201);
}

std::int64_t kept_replies(TestApi& api) {
  return api.database->read(db::kNoBusiness, [](db::Tx& tx) {
    auto rows = tx.query("SELECT COUNT(*) FROM request_keys", {});
    EXPECT_TRUE(rows.next());
    return rows->integer(0);
  });
}

TEST(IdempotencyKey, is_forgotten_after_thirty_days) {
  TestApi api;
  int done = 0;
  api.add(counting(done));
  const std::string bot = api.make_key("admin", api.set_up());
  for (int i = 0; i < 3; ++i) {
    api.post("/count", "{}", bot, {{"idempotency-key", std::to_string(i)}});
  }
  EXPECT_EQ(kept_replies(api), 3);
  api.clock.advance(base::limits::kRequestKeyDays * base::kMicrosPerDay);
  EXPECT_EQ(api.post("/count", "{}", bot, {{"idempotency-key", "0"}}).at("n"), "4");
  EXPECT_EQ(kept_replies(api), 1) << "and old ones are purged by the way";
}

TEST(IdempotencyKey, keeps_replies_that_the_database_alone_cannot_read) {
  TestApi api;
  const std::string ada = api.set_up();
  const http::Pairs key = {{"idempotency-key", "one"}};
  const std::string body = R"({"name":"k","scopes":["admin"]})";
  const Reply first = api.post("/api-keys", body, ada, key);
  EXPECT_EQ(api.post("/api-keys", body, ada, key).at("secret"), first.at("secret"));
  api.database->read(db::kNoBusiness, [&](db::Tx& tx) {
    auto rows = tx.query("SELECT reply FROM request_keys", {});
    ASSERT_TRUE(rows.next());
    EXPECT_EQ(rows->string(0).find("secret"), std::string::npos);
  });
}

TEST(Requests, with_a_body_say_that_it_is_json) {
  TestApi api;
  const Reply reply =
      api.send(http::Method::kPost, "/setup", "", "", {{"content-type", "text/plain"}});
  EXPECT_EQ(reply.status, 415);
}

}  // namespace
}  // namespace annals::access
