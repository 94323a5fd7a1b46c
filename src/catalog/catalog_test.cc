// What a business defines, through the routes, and who sees which entries by it.
#include "catalog/catalog.h"

#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "access/actor.h"
#include "access/test_api.h"
#include "base/error.h"
#include "base/json.h"
#include "db/db.h"

namespace annals::catalog {
namespace {

class Catalog : public testing::Test {
 protected:
  Catalog() : api_({.seed = seed}), owner_(api_.set_up()) { api_.add(routes()); }

  // The `member` of each item: "a, b".
  std::string listed(const std::string& path, const std::string& member,
                     const std::string& credential) {
    const auto reply = api_.get(path, credential);
    EXPECT_EQ(reply.status, 200) << reply.text;
    std::string out;
    for (const base::Json& item : reply.json.find("items")->items()) {
      if (!out.empty()) out += ", ";
      out += item.find(member)->text();
    }
    return out;
  }
  template <class Work>
  auto in_business(Work work) {
    return api_.database->read(1, [&](db::Tx& tx) { return work(tx); });
  }
  // The codes of what `work` refuses: "category required".
  template <class Work>
  std::string refusal(Work work) {
    try {
      in_business([&](db::Tx& tx) { work(tx); });
    } catch (const base::Error& error) {
      EXPECT_EQ(error.code(), base::Code::kInvalid);
      return error.errors().at(0).field + " " + error.errors().at(0).code;
    }
    return "nothing";
  }
  Sight sight_of(const std::string& role) {
    access::Actor actor;
    actor.kind = access::Actor::Kind::kStaff;
    actor.role = *access::role_named(role);
    actor.business = 1;
    return in_business([&](db::Tx& tx) { return sight(tx, actor); });
  }
  Sight sight_of_key(const std::set<std::string>& scopes) {
    access::Actor actor;
    actor.kind = access::Actor::Kind::kApiKey;
    actor.scopes = scopes;
    actor.business = 1;
    return in_business([&](db::Tx& tx) { return sight(tx, actor); });
  }

  access::TestApi api_;
  std::string owner_;
};

TEST_F(Catalog, begins_with_views_and_notification_classes) {
  EXPECT_EQ(listed("/log-views", "key", owner_), "financial, general, medical");
  EXPECT_EQ(listed("/contact-types", "key", owner_),
            "Admin Business, Automated Marketing, Client Notifications, Message Center, "
            "Staff Notifications");
  const auto types = api_.get("/entry-types", owner_);
  EXPECT_EQ(types.json.find("items")->items().size(), builtin_types().size());
  EXPECT_EQ(types.at("items.0.type"), "account.created");
  EXPECT_EQ(types.at("items.0.category"), "account");
  EXPECT_EQ(types.at("items.0.name"), "Account created");
  EXPECT_EQ(types.at("items.0.builtin"), "true");
  EXPECT_EQ(types.at("next_cursor"), "");
}

TEST_F(Catalog, lists_page_by_page) {
  const auto first = api_.get("/log-views?limit=2", owner_);
  EXPECT_EQ(first.at("items.1.key"), "general");
  const std::string cursor = first.at("next_cursor");
  EXPECT_EQ(listed("/log-views?limit=2&cursor=" + cursor, "key", owner_), "medical");
  EXPECT_EQ(api_.get("/contact-types?cursor=" + cursor, owner_).errors(), "cursor cursor");
  EXPECT_EQ(api_.get("/log-views?limit=0", owner_).errors(), "limit range");
  EXPECT_EQ(api_.get("/log-views?colour=red", owner_).status, 400);
}

TEST_F(Catalog, a_type_gives_category_and_defaults) {
  in_business([](db::Tx& tx) {
    const Resolved sent = resolve_type(tx, "email.sent", std::nullopt);
    EXPECT_EQ(sent.category, "messages");
    EXPECT_EQ(sent.method, "email");
    EXPECT_EQ(sent.direction, "outbound");
    EXPECT_EQ(sent.title, "E-mail sent");
    EXPECT_EQ(resolve_type(tx, "email.sent", "messages").category, "messages");
    EXPECT_EQ(resolve_type(tx, "gym.entered", "appointments").title, "Gym entered");
  });
  EXPECT_EQ(refusal([](db::Tx& tx) { (void)resolve_type(tx, "gym.entered", std::nullopt); }),
            "category required");
  EXPECT_EQ(refusal([](db::Tx& tx) { (void)resolve_type(tx, "gym.entered", "sports"); }),
            "category unknown_category");
  EXPECT_EQ(refusal([](db::Tx& tx) { (void)resolve_type(tx, "email.sent", "payments"); }),
            "category not_of_type");
  EXPECT_EQ(refusal([](db::Tx& tx) { (void)resolve_type(tx, "Email.Sent", std::nullopt); }),
            "type type_name");
}

TEST_F(Catalog, a_business_adds_types_of_its_own) {
  const auto made =
      api_.post("/entry-types",
                R"({"type":"gym.entered","category":"appointments","name":"Came in"})", owner_);
  EXPECT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.header("ETag"), "\"1\"");
  in_business([](db::Tx& tx) {
    EXPECT_EQ(resolve_type(tx, "gym.entered", std::nullopt).category, "appointments");
    EXPECT_EQ(resolve_type(tx, "gym.entered", std::nullopt).title, "Came in");
  });
  EXPECT_EQ(refusal([](db::Tx& tx) { (void)resolve_type(tx, "gym.entered", "notes"); }),
            "category not_of_type");
  EXPECT_EQ(
      api_.post("/entry-types", R"({"type":"gym.entered","category":"notes"})", owner_).errors(),
      "type type_taken");
  EXPECT_EQ(api_.post("/entry-types", R"({"type":"note","category":"notes"})", owner_).status, 409);
  EXPECT_EQ(api_.post("/entry-types", R"({"type":"No","category":"x","views":["y"],"z":1})", owner_)
                .errors(),
            "type type_name; category unknown_category; views unknown_view; z unknown_field");
}

TEST_F(Catalog, a_built_in_type_may_be_renamed_and_moved) {
  const auto changed =
      api_.patch("/entry-types/payment.taken", R"({"name":"Paid","views":["financial"]})", owner_);
  EXPECT_EQ(changed.status, 200) << changed.text;
  EXPECT_EQ(changed.at("name"), "Paid");
  EXPECT_EQ(changed.at("version"), "1");
  EXPECT_EQ(
      api_.patch("/entry-types/payment.taken", R"({"name":null})", owner_, {{"if-match", "\"0\""}})
          .status,
      412);
  EXPECT_EQ(
      api_.patch("/entry-types/payment.taken", R"({"name":null})", owner_, {{"if-match", "\"1\""}})
          .at("name"),
      "Payment taken");
  EXPECT_EQ(api_.patch("/entry-types/gym.left", R"({"name":"x"})", owner_).status, 404);
  EXPECT_EQ(api_.get("/entry-types", owner_).json.find("items")->items().size(),
            builtin_types().size());
}

TEST_F(Catalog, a_contact_type_is_found_by_key_or_name_whatever_its_case) {
  EXPECT_EQ(api_.post("/contact-types", R"({"name":"Beratungsgespräch"})", owner_).at("key"),
            "Beratungsgespräch");
  EXPECT_EQ(api_.patch("/contact-types/Beratungsgespräch", R"({"name":"Beratung"})", owner_).status,
            200);
  in_business([](db::Tx& tx) {
    for (const char* name : {"Beratungsgespräch", "BERATUNGSGESPRÄCH", "beratung"}) {
      EXPECT_EQ(resolve_contact_type(tx, name), "Beratungsgespräch") << name;
    }
  });
  EXPECT_EQ(refusal([](db::Tx& tx) { (void)resolve_contact_type(tx, "Streit"); }),
            "contact_type unknown_contact_type");
  EXPECT_EQ(api_.post("/contact-types", R"({"name":"BERATUNG"})", owner_).errors(),
            "name name_taken");
  EXPECT_EQ(api_.post("/contact-types", R"({"name":"A/B"})", owner_).at("key"), "A-B");
  EXPECT_EQ(api_.post("/contact-types", R"({"views":["x"],"a":1})", owner_).errors(),
            "name required; views unknown_view; a unknown_field");
}

TEST_F(Catalog, who_writes_entries_may_name_a_contact_type_but_not_its_views) {
  const auto staff = api_.hire("staff", owner_);
  EXPECT_EQ(api_.post("/contact-types", R"({"name":"Complaint"})", staff).status, 201);
  EXPECT_EQ(api_.post("/contact-types", R"({"name":"C2","views":["medical"]})", staff).status, 403);
  EXPECT_EQ(api_.patch("/contact-types/Complaint", R"({"archived":true})", staff).status, 403);
  EXPECT_EQ(api_.post("/log-views", R"({"key":"a","name":"A","roles":[]})", staff).status, 403);
  EXPECT_EQ(listed("/log-views", "key", staff), "general") << "of the tabs that they may see";
}

TEST_F(Catalog, a_log_view_is_for_its_roles) {
  EXPECT_EQ(
      api_.post("/log-views", R"({"key":"lab","name":"Lab","roles":["staff"]})", owner_).status,
      201);
  EXPECT_EQ(api_.post("/log-views", R"({"key":"lab","name":"Lab","roles":[]})", owner_).errors(),
            "key key_taken");
  EXPECT_EQ(api_.post("/log-views", R"({"name":"Fußpflege intern","roles":[]})", owner_).at("key"),
            "fusspflege_intern");
  EXPECT_EQ(
      api_.post("/log-views", R"({"key":"A|B","name":"x","roles":["king"]})", owner_).errors(),
      "roles unknown_role");
  EXPECT_EQ(api_.post("/log-views", R"({"key":"A|B","name":"x"})", owner_).errors(), "key key");
  EXPECT_EQ(sight_of("staff").views, (std::set<std::string>{"general", "lab"}));
  EXPECT_EQ(sight_of("auditor").views, (std::set<std::string>{"financial", "general"}));
  EXPECT_EQ(api_.patch("/log-views/lab", R"({"roles":["auditor"]})", owner_).status, 200);
  EXPECT_EQ(sight_of("staff").views, std::set<std::string>{"general"});
}

TEST_F(Catalog, general_is_always_there_for_all) {
  EXPECT_EQ(api_.patch("/log-views/general", R"({"roles":[]})", owner_).errors(),
            "roles general_is_for_all");
  EXPECT_EQ(api_.patch("/log-views/general", R"({"name":"Alles"})", owner_).status, 200);
  for (const char* role : {"owner", "manager", "staff", "auditor"}) {
    EXPECT_TRUE(sight_of(role).general) << role;
    EXPECT_TRUE(sight_of(role).views.contains("general")) << role;
  }
}

TEST_F(Catalog, api_keys_see_general_and_their_scopes_and_admin_all) {
  EXPECT_EQ(sight_of_key({"entries:read"}).views, std::set<std::string>{"general"});
  EXPECT_EQ(sight_of_key({"entries:read", "view:medical"}).views,
            (std::set<std::string>{"general", "medical"}));
  EXPECT_FALSE(sight_of_key({"view:medical"}).all);
  EXPECT_TRUE(sight_of_key({"admin"}).all);
  EXPECT_TRUE(sight_of("owner").all);
  EXPECT_FALSE(sight_of("manager").all) << "private entries are for authors and owners";
}

TEST_F(Catalog, an_entrys_views_follow_its_type_and_contact_type) {
  api_.post("/contact-types", R"({"name":"Diagnosis","views":["medical"]})", owner_);
  api_.patch("/entry-types/payment.taken", R"({"views":["financial"]})", owner_);
  in_business([](db::Tx& tx) {
    using Views = std::vector<std::string>;
    EXPECT_EQ(views_of(tx, "note", ""), Views{"general"});
    EXPECT_EQ(views_of(tx, "note", "Diagnosis"), Views{"medical"});
    EXPECT_EQ(views_of(tx, "payment.taken", ""), Views{"financial"});
    EXPECT_EQ(views_of(tx, "payment.taken", "Diagnosis"), (Views{"financial", "medical"}));
    check_views(tx, {"general", "medical"});
  });
  EXPECT_EQ(refusal([](db::Tx& tx) { check_views(tx, {"general", "lab"}); }), "views unknown_view");
  const Sight auditor = sight_of("auditor");
  EXPECT_EQ(auditor.typed, std::set<std::string>{"payment.taken"});
  EXPECT_EQ(auditor.typed_seen, std::set<std::string>{"payment.taken"});
  EXPECT_EQ(auditor.labelled, std::set<std::string>{"Diagnosis"});
  EXPECT_TRUE(auditor.labelled_seen.empty());
  // A setting changed is seen by the next reading.
  api_.patch("/contact-types/Diagnosis", R"({"views":[]})", owner_);
  EXPECT_TRUE(sight_of("auditor").labelled.empty());
}

}  // namespace
}  // namespace annals::catalog
