// Contacts through their routes, and the rules that they follow.
#include "contacts/contacts.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "access/access.h"
#include "base/error.h"
#include "base/id.h"
#include "base/json.h"
#include "catalog/catalog.h"
#include "contacts/test_clients.h"
#include "db/db.h"
#include "http/message.h"

namespace annals::contacts {
namespace {

constexpr const char* kJuergen =
    R"({"kind":"person","given_name":"Jürgen","family_name":"Müller",)"
    R"("emails":[{"address":"Juergen@Example.com","label":"home"}],)"
    R"("phones":[{"number":"0171 2345678","label":"mobile"}],"client_number":"K-1001",)"
    R"("uids":[{"source":"booking","external_id":"4711"}],"birthday":"1984-02-29",)"
    R"("language":"DE-at","addresses":[{"street":"Weg 1","postal_code":"10115","city":"Berlin"}],)"
    R"("tags":["vip","vip"],"attributes":{"size":42,"news":true,"note":"x"}})";

TEST(Contacts, are_created_and_read) {
  Clients api;
  const auto made = api.post("/contacts", kJuergen, api.owner);
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.header("ETag"), "\"1\"");
  EXPECT_EQ(made.at("name"), "Jürgen Müller");
  EXPECT_EQ(made.at("kind"), "person");
  EXPECT_EQ(made.at("emails.0.address"), "Juergen@Example.com");
  EXPECT_EQ(made.at("phones.0.number"), "0171 2345678");
  EXPECT_EQ(made.at("phones.0.e164"), "+491712345678") << "the country is the business's";
  EXPECT_EQ(made.at("language"), "de-AT");
  EXPECT_EQ(made.at("addresses.0.lines"), R"(["Weg 1"])");
  EXPECT_EQ(made.at("tags"), R"(["vip"])");
  EXPECT_EQ(made.at("attributes"), R"({"size":42,"news":true,"note":"x"})");
  EXPECT_EQ(made.at("archived"), "false");
  EXPECT_EQ(made.at("merged_from"), "[]");
  EXPECT_EQ(made.at("version"), "1");
  const auto read = api.get("/contacts/" + made.at("id"), api.owner);
  EXPECT_EQ(read.text, made.text);
  EXPECT_EQ(read.header("ETag"), "\"1\"");
}

TEST(Contacts, name_every_field_at_fault_and_store_nothing) {
  Clients api;
  const auto reply = api.post(
      "/contacts",
      R"({"kind":"pet","given_name":7,"emails":[{"address":"a@b"},{"address":"x@y.de","at":1}],)"
      R"("phones":[{"number":"none"}],"uids":[{"source":"s"}],"birthday":"1984-02-30",)"
      R"("language":"german!","attributes":{"a":[1]},"tags":[""],"colour":"red",)"
      R"("addresses":[{"label":"home"}]})",
      api.owner);
  EXPECT_EQ(reply.status, 422);
  const std::string errors = reply.errors();
  for (const char* expected :
       {"kind not_one_of", "given_name type", "emails[0].address email", "phones[0].number phone",
        "uids[0].external_id required", "birthday date", "language language", "attributes type",
        "tags[0] required", "addresses[0] required"}) {
    EXPECT_NE(errors.find(expected), std::string::npos) << expected << " in " << errors;
  }
  EXPECT_NE(errors.find("colour unknown"), std::string::npos) << errors;
  EXPECT_NE(errors.find("emails[1].at unknown"), std::string::npos) << errors;
  EXPECT_EQ(api.names(""), "");
}

TEST(Contacts, need_something_that_tells_them) {
  Clients api;
  EXPECT_EQ(api.post("/contacts", R"({"kind":"person"})", api.owner).errors(),
            "family_name required");
  EXPECT_EQ(
      api.post("/contacts", R"({"kind":"organization","given_name":"A"})", api.owner).errors(),
      "organization_name required");
  EXPECT_EQ(
      api.post("/contacts", R"({"birthday":"2999-01-01","given_name":"A"})", api.owner).errors(),
      "birthday range");
  EXPECT_EQ(api.post("/contacts", "[]", api.owner).status, 422);
  EXPECT_EQ(api.post("/contacts", "{", api.owner).status, 400);
  // Without names, what else there is stands for one.
  api.create(R"({"uids":[{"source":"s","external_id":"2.9E+13"}]})");
  EXPECT_EQ(api.names(""), "2.9E+13");
}

TEST(Contacts, hold_what_they_agreed_to_and_their_history_tells_when) {
  Clients api;
  const auto id = api.create(
      R"({"given_name":"A","consents":[{"channel":"email","purpose":"marketing","granted":true,)"
      R"("at":"2001-02-01T10:00:00+01:00","source":"form at the desk"}]})");
  EXPECT_EQ(api.history(id), "contact.created, consent.signed");
  base::Json signed_entry = api.last_record(id);
  EXPECT_EQ(signed_entry.find("occurred_at")->text(), "981018000000000");
  EXPECT_EQ(signed_entry.find("details")->text(),
            R"({"channel":"email","purpose":"marketing","granted":true,)"
            R"("at":"2001-02-01T09:00:00.000000Z","source":"form at the desk","note":null})");
  // What is said again without its time is since when it was known.
  const auto same = api.patch("/contacts/" + id,
                              R"({"consents":[{"channel":"email","purpose":"marketing",)"
                              R"("granted":true,"source":"form at the desk"}]})",
                              api.owner);
  EXPECT_EQ(same.status, 200) << same.text;
  EXPECT_EQ(same.at("version"), "1");
  const auto withdrawn =
      api.patch("/contacts/" + id,
                R"({"consents":[{"channel":"email","purpose":"marketing","granted":false},)"
                R"({"channel":"sms","purpose":"reminders","granted":true}]})",
                api.owner);
  EXPECT_EQ(withdrawn.at("consents.0.granted"), "false");
  EXPECT_EQ(withdrawn.at("consents.0.at"), withdrawn.at("updated_at"));
  EXPECT_EQ(withdrawn.at("consents.1.channel"), "sms");
  EXPECT_EQ(api.history(id),
            "contact.created, consent.signed, contact.changed, consent.withdrawn, consent.signed");
  EXPECT_EQ(api.get("/contacts/" + id, api.owner).text, withdrawn.text);
  // One that is taken off the list was never withdrawn.
  EXPECT_EQ(api.patch("/contacts/" + id, R"({"consents":null})", api.owner).at("consents"), "[]");
  EXPECT_EQ(api.last_record(id).find("type")->text(), "contact.changed");
}

TEST(Contacts, refuse_a_consent_that_says_nothing_clear) {
  Clients api;
  EXPECT_EQ(
      api.post("/contacts",
               R"({"given_name":"A","consents":[{"channel":"fax","purpose":"m","granted":true},)"
               R"({"channel":"sms","purpose":"By Mail","granted":true},)"
               R"({"channel":"sms","purpose":"m"},)"
               R"({"channel":"sms","granted":1,"at":"2999-01-01T00:00:00Z"},)"
               R"({"channel":"push","purpose":"m","granted":true,"at":"yesterday","by":1},)"
               R"({"channel":"push","purpose":"m","granted":false}]})",
               api.owner)
          .errors(),
      "consents[0].channel not_one_of; consents[1].purpose purpose; consents[2].granted required; "
      "consents[3].purpose required; consents[3].granted type; consents[3].at range; "
      "consents[4].at time; consents[5].purpose repeated; consents[4].by unknown_field");
}

TEST(Contacts, keep_a_phone_number_that_cannot_be_read) {
  Clients api;
  const auto reply =
      api.post("/contacts", R"({"given_name":"A","phones":[{"number":"ext. 12"}]})", api.owner);
  EXPECT_EQ(reply.status, 201) << reply.text;
  EXPECT_EQ(reply.at("phones.0.e164"), "");
  EXPECT_EQ(reply.at("phones.0.number"), "ext. 12");
}

TEST(Contacts, of_another_business_do_not_exist) {
  Clients api;
  const auto id = api.create(kJuergen);
  const auto other = access::add_business(
      *api.database,
      base::parse_json(
          R"({"business":{"name":"B","time_zone":"Europe/Berlin","locale":"de","currency":"EUR"},)"
          R"("owner":{"name":"Bo","email":"bo@annals.example","password":"long enough"}})"),
      {.seed = catalog::seed, .password_cost = access::kCheapPasswordCost, .clock = &api.clock});
  EXPECT_EQ(other.key, 2);
  const auto bo = api.sign_in("bo@annals.example", "long enough");
  EXPECT_EQ(api.get("/contacts/" + id, bo).status, 404);
  EXPECT_EQ(api.patch("/contacts/" + id, R"({"given_name":"X"})", bo).status, 404);
  EXPECT_EQ(api.get("/contacts?q=juergen", bo).at("items"), "[]");
  EXPECT_EQ(api.get("/contacts?q=jurgen", bo).at("items"), "[]");
  EXPECT_EQ(api.get("/contacts", bo).at("items"), "[]");
  EXPECT_EQ(api.get("/contacts?client_number=K-1001", bo).at("items"), "[]");
  // What names one contact does so within its business.
  EXPECT_EQ(api.post("/contacts", kJuergen, bo).status, 201);
  EXPECT_EQ(api.get("/contacts?q=4711", bo).json.find("items")->items().size(), 1U);
}

TEST(Contacts, each_change_documents_itself) {
  Clients api;
  const auto id = api.create(kJuergen);
  EXPECT_EQ(api.history(id), "contact.created");
  const base::Json created = api.last_record(id);
  EXPECT_EQ(created.find("origin")->find("kind")->text(), "automatic");
  EXPECT_EQ(created.find("actor")->find("kind")->text(), "staff");
  EXPECT_EQ(created.find("recorded_by")->find("name")->text(), "Ada");

  const auto changed = api.patch(
      "/contacts/" + id,
      R"({"family_name":"Meyer","birthday":null,"tags":["vip","b"],"given_name":"Jürgen"})",
      api.owner);
  EXPECT_EQ(changed.status, 200) << changed.text;
  EXPECT_EQ(changed.at("version"), "2");
  EXPECT_EQ(changed.header("ETag"), "\"2\"");
  EXPECT_EQ(changed.at("name"), "Jürgen Meyer");
  EXPECT_EQ(changed.at("birthday"), "");
  EXPECT_EQ(changed.at("client_number"), "K-1001") << "omitted keeps";
  EXPECT_EQ(api.history(id), "contact.created, contact.changed");
  const base::Json record = api.last_record(id);
  std::string fields;
  for (const base::Json& change : record.find("changes")->items()) {
    fields += change.find("field")->text() + ":" + change.find("old")->text() + "→" +
              change.find("new")->text() + " ";
  }
  EXPECT_EQ(fields,
            "family_name:\"Müller\"→\"Meyer\" birthday:\"1984-02-29\"→null "
            "tags:[\"vip\"]→[\"vip\",\"b\"] ");
}

TEST(Contacts, a_change_that_changes_nothing_records_nothing) {
  Clients api;
  const auto id = api.create(kJuergen);
  EXPECT_EQ(api.patch("/contacts/" + id, kJuergen, api.owner).at("version"), "1");
  EXPECT_EQ(api.patch("/contacts/" + id, "{}", api.owner).status, 200);
  EXPECT_EQ(api.history(id), "contact.created");
  // What the API shows can be sent back to it.
  const auto shown = api.get("/contacts/" + id, api.owner);
  EXPECT_EQ(api.patch("/contacts/" + id, R"({"phones":)" + shown.at("phones") + "}", api.owner)
                .at("version"),
            "1");
}

TEST(Contacts, a_change_obeys_if_match) {
  Clients api;
  const auto id = api.create(kJuergen);
  EXPECT_EQ(
      api.patch("/contacts/" + id, R"({"given_name":"A"})", api.owner, {{"if-match", "\"7\""}})
          .status,
      412);
  EXPECT_EQ(
      api.patch("/contacts/" + id, R"({"given_name":"A"})", api.owner, {{"if-match", "\"1\""}})
          .status,
      200);
  EXPECT_EQ(api.history(id), "contact.created, contact.changed");
}

TEST(Contacts, uid_and_client_number_name_one_contact_only) {
  Clients api;
  const auto id = api.create(kJuergen);
  const auto taken = api.post("/contacts", kJuergen, api.owner);
  EXPECT_EQ(taken.status, 409);
  EXPECT_EQ(taken.errors(), "uids[0].external_id uid_taken; client_number client_number_taken");
  EXPECT_EQ(taken.at("errors.0.ids.0"), id);
  const auto other = api.create(R"({"given_name":"B"})");
  EXPECT_EQ(api.patch("/contacts/" + other, R"({"client_number":"K-1001"})", api.owner).errors(),
            "client_number client_number_taken");
  EXPECT_EQ(api.history(other), "contact.created");
  // What one gives up another may have.
  EXPECT_EQ(api.patch("/contacts/" + id, R"({"client_number":null})", api.owner).status, 200);
  EXPECT_EQ(api.patch("/contacts/" + other, R"({"client_number":"K-1001"})", api.owner).status,
            200);
}

TEST(Contacts, email_and_phone_may_be_shared) {
  Clients api;
  api.create(kJuergen);
  api.create(R"({"given_name":"Ida","emails":[{"address":"juergen@example.com"}],)"
             R"("phones":[{"number":"+49 171 2345678"}]})");
  EXPECT_EQ(api.names("email=JUERGEN@example.com"), "Jürgen Müller, Ida");
  EXPECT_EQ(api.names("phone=0171-2345678"), "Jürgen Müller, Ida");
}

TEST(Contacts, are_looked_up_exactly) {
  Clients api;
  api.create(kJuergen);
  EXPECT_EQ(api.names("source=booking&external_id=4711"), "Jürgen Müller");
  EXPECT_EQ(api.names("source=booking&external_id=471"), "");
  EXPECT_EQ(api.names("client_number=K-1001"), "Jürgen Müller");
  EXPECT_EQ(api.get("/contacts?source=booking", api.owner).errors(), "external_id required");
  EXPECT_EQ(api.get("/contacts?email=a@b.de&phone=123", api.owner).status, 400);
  EXPECT_EQ(api.get("/contacts?email=a@b.de&tag=x", api.owner).status, 400);
  EXPECT_EQ(api.get("/contacts?colour=red", api.owner).status, 400);
}

TEST(Contacts, a_person_may_belong_to_an_organization) {
  Clients api;
  const auto firm = api.create(R"({"kind":"organization","organization_name":"Acme GmbH"})");
  const auto person = api.create(R"({"given_name":"Jo","organization_id":")" + firm + "\"}");
  EXPECT_EQ(api.names("organization=" + firm), "Jo");
  EXPECT_EQ(api.names("kind=organization"), "Acme GmbH");
  const auto of_person =
      api.post("/contacts", R"({"given_name":"X","organization_id":")" + person + "\"}", api.owner);
  EXPECT_EQ(of_person.errors(), "organization_id not_an_organization");
  EXPECT_EQ(
      api.post("/contacts",
               R"({"given_name":"X","organization_id":"019e1a3c-7c11-7a52-8f1e-0d2b3c4d5e6f"})",
               api.owner)
          .errors(),
      "organization_id contact_not_found");
  EXPECT_EQ(api.patch("/contacts/" + firm,
                      R"({"kind":"person","given_name":"A","organization_name":null})", api.owner)
                .errors(),
            "kind has_people");
  // Its history shows its people's entries too, and those of who was merged into them.
  const auto twin = api.create(R"({"given_name":"Joe"})");
  EXPECT_EQ(
      api.post("/contacts/" + twin + "/merge", R"({"into":")" + person + "\"}", api.owner).status,
      200);
  api.database->read(1, [&](db::Tx& tx) {
    const auto id = [](const std::string& text) { return *base::parse_id(text); };
    EXPECT_EQ(members(tx, id(firm)), (std::vector{id(firm), id(person), id(twin)}));
    EXPECT_EQ(members(tx, id(firm), tx.now()), (std::vector{id(firm), id(person), id(twin)}));
    EXPECT_EQ(members(tx, id(person)), (std::vector{id(person), id(twin)}));
    EXPECT_EQ(shown_by(tx, id(twin)), (std::vector{id(twin), id(person), id(firm)}));
    EXPECT_EQ(shown_by(tx, id(firm)), std::vector{id(firm)});
    EXPECT_TRUE(shown_by(tx, base::Id{}).empty());
    EXPECT_THROW((void)members(tx, base::Id{}), base::Error);
  });
}

TEST(Merge, never_re_points_anything) {
  Clients api;
  const auto loser = api.create(kJuergen);
  const auto survivor = api.create(R"({"given_name":"J.","family_name":"Mueller"})");
  const auto before = api.clock.now();
  api.clock.advance(10);
  const auto merged =
      api.post("/contacts/" + loser + "/merge", R"({"into":")" + survivor + "\"}", api.owner);
  EXPECT_EQ(merged.status, 200) << merged.text;
  EXPECT_EQ(merged.at("merged_into"), survivor);
  EXPECT_EQ(api.get("/contacts/" + loser, api.owner).at("merged_into"), survivor);
  EXPECT_EQ(api.get("/contacts/" + survivor, api.owner).at("merged_from.0"), loser);
  EXPECT_EQ(api.history(loser), "contact.created, contact.merged");
  EXPECT_EQ(api.history(survivor), "contact.created, contact.merged");
  // The identifier still names who had it.
  EXPECT_EQ(api.get("/contacts?client_number=K-1001", api.owner).at("items.0.id"), loser);
  api.database->write(1, [&](db::Tx& tx) {
    const auto actor = access::system_actor(*access::find_business(tx, 1));
    Selector by_uid;
    by_uid.uid.emplace("booking", "4711");
    const auto found = resolve(tx, actor, by_uid, nullptr, "contact");
    EXPECT_EQ(found.id.text(), loser);
    const auto id = [](const std::string& text) { return *base::parse_id(text); };
    EXPECT_EQ(members(tx, id(survivor)), (std::vector{id(survivor), id(loser)}));
    EXPECT_EQ(members(tx, id(loser)), std::vector{id(loser)});
    EXPECT_EQ(members(tx, id(survivor), before), std::vector{id(survivor)}) << "as of then";
    EXPECT_EQ(members(tx, id(survivor), tx.now()).size(), 2U) << "inclusive";
  });
  EXPECT_EQ(api.names(""), "J. Mueller") << "the list shows the survivor alone";
  EXPECT_EQ(api.names("q=juergen"), "J. Mueller") << "whichever of their names is asked for";
}

TEST(Merge, ends_by_unmerge) {
  Clients api;
  const auto loser = api.create(kJuergen);
  const auto survivor = api.create(R"({"given_name":"J."})");
  EXPECT_EQ(api.post("/contacts/" + loser + "/unmerge", "", api.owner).errors(), "id not_merged");
  const std::string into = R"({"into":")" + survivor + "\"}";
  // The clock stands: even so each merge has a time of its own.
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(api.post("/contacts/" + loser + "/merge", into, api.owner).status, 200);
    EXPECT_EQ(api.post("/contacts/" + loser + "/merge", into, api.owner).errors(),
              "id already_merged");
    const auto alone = api.post("/contacts/" + loser + "/unmerge", "", api.owner);
    EXPECT_EQ(alone.status, 200);
    EXPECT_EQ(alone.at("merged_into"), "");
  }
  EXPECT_EQ(api.history(survivor),
            "contact.created, contact.merged, contact.unmerged, contact.merged, contact.unmerged");
  EXPECT_EQ(api.get("/contacts/" + survivor, api.owner).at("merged_from"), "[]");
  EXPECT_EQ(api.names("q=juergen"), "Jürgen Müller");
}

TEST(Merge, of_a_circle_is_refused) {
  Clients api;
  const auto a = api.create(R"({"given_name":"A"})");
  const auto b = api.create(R"({"given_name":"B"})");
  const auto c = api.create(R"({"given_name":"C"})");
  const auto merge = [&](const std::string& loser, const std::string& survivor) {
    return api.post("/contacts/" + loser + "/merge", R"({"into":")" + survivor + "\"}", api.owner);
  };
  EXPECT_EQ(merge(a, a).errors(), "into merge_circle");
  EXPECT_EQ(merge(a, b).status, 200);
  EXPECT_EQ(merge(b, c).status, 200);
  const auto circle = merge(c, a);
  EXPECT_EQ(circle.status, 409);
  EXPECT_EQ(circle.errors(), "into merge_circle");
  EXPECT_EQ(merge(c, "019e1a3c-7c11-7a52-8f1e-0d2b3c4d5e6f").errors(), "into contact_not_found");
  const auto firm = api.create(R"({"kind":"organization","organization_name":"F"})");
  EXPECT_EQ(merge(c, firm).errors(), "into kind_differs");
  EXPECT_EQ(api.history(c), "contact.created, contact.merged");
}

TEST(Merge, has_at_most_sixteen_members) {
  Clients api;
  const auto survivor = api.create(R"({"given_name":"S"})");
  const std::string into = R"({"into":")" + survivor + "\"}";
  for (int i = 0; i < 15; ++i) {
    const auto loser = api.create(R"({"given_name":"L"})");
    ASSERT_EQ(api.post("/contacts/" + loser + "/merge", into, api.owner).status, 200) << i;
  }
  const auto last = api.create(R"({"given_name":"L"})");
  const auto refused = api.post("/contacts/" + last + "/merge", into, api.owner);
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.errors(), "into too_many_members");
}

// How drafts find their contact.
class Finding : public testing::Test {
 protected:
  entries::ContactRef find(const std::string& selector, const std::string& create = "") {
    return api_.database->write(1, [&](db::Tx& tx) {
      const auto actor = access::system_actor(*access::find_business(tx, 1));
      const auto parsed = parse_selector(base::parse_json(selector), "contact");
      if (create.empty()) return resolve(tx, actor, parsed, nullptr, "contact");
      const auto body = base::parse_json(create);
      return resolve(tx, actor, parsed, &body, "contact");
    });
  }
  std::string refusal(const std::string& selector, const std::string& create = "") {
    try {
      (void)find(selector, create);
    } catch (const base::Error& error) {
      EXPECT_EQ(error.code(), base::Code::kInvalid) << error.message();
      std::string out;
      for (const auto& one : error.errors()) out += one.field + " " + one.code + ";";
      return out;
    }
    return "found";
  }
  Clients api_;
};

TEST_F(Finding, the_contact_exactly_one_match_is_used) {
  const auto id = api_.create(kJuergen);
  EXPECT_EQ(find(R"({"id":")" + id + "\"}").id.text(), id);
  EXPECT_EQ(find(R"({"source":"booking","external_id":"4711"})").id.text(), id);
  EXPECT_EQ(find(R"({"email":"JUERGEN@EXAMPLE.COM"})").id.text(), id);
  EXPECT_EQ(find(R"({"phone":"+49 (171) 234 56-78"})").id.text(), id);
  EXPECT_EQ(api_.history(id), "contact.created");
}

TEST_F(Finding, the_contact_none_is_refused) {
  EXPECT_EQ(refusal(R"({"email":"a@b.de"})"), "contact contact_not_found;");
  EXPECT_EQ(refusal(R"({"id":"019e1a3c-7c11-7a52-8f1e-0d2b3c4d5e6f"})", "{}"),
            "contact contact_not_found;")
      << "an id cannot be inherited";
}

TEST_F(Finding, the_contact_create_contact_inherits_the_identifier) {
  const auto by_uid = find(R"({"source":"crm","external_id":"7"})", R"({"given_name":"Jo"})");
  const auto shown = api_.get("/contacts/" + by_uid.id.text(), api_.owner);
  EXPECT_EQ(shown.at("uids"), R"([{"source":"crm","external_id":"7"}])");
  EXPECT_EQ(api_.history(by_uid.id.text()), "contact.created");
  EXPECT_EQ(find(R"({"source":"crm","external_id":"7"})", R"({"given_name":"Jo"})").id, by_uid.id);

  const auto by_email =
      find(R"({"email":"a@b.de"})", R"({"emails":[{"address":"A@B.de","label":"x"}]})");
  EXPECT_EQ(api_.get("/contacts/" + by_email.id.text(), api_.owner).at("emails"),
            R"([{"address":"A@B.de","label":"x"}])")
      << "it is there already";
  const auto by_phone = find(R"({"phone":"030 1234567"})", "{}");
  EXPECT_EQ(api_.get("/contacts/" + by_phone.id.text(), api_.owner).at("phones.0.e164"),
            "+49301234567");
}

TEST_F(Finding, the_contact_create_contact_is_checked) {
  EXPECT_EQ(refusal(R"({"email":"a@b.de"})", R"({"colour":1})"),
            "create_contact.colour unknown_field;");
  EXPECT_EQ(refusal(R"({"email":"a@b.de"})", R"({"emails":7})"), "create_contact.emails type;");
  EXPECT_EQ(refusal(R"({"email":"a@b.de"})", "[]").substr(0, 14), "create_contact");
  EXPECT_EQ(api_.names(""), "");
}

TEST_F(Finding, the_contact_several_are_refused_with_their_ids) {
  const auto a = api_.create(R"({"given_name":"A","phones":[{"number":"030 1234567"}]})");
  const auto b = api_.create(R"({"given_name":"B","phones":[{"number":"030 1234567"}]})");
  try {
    (void)find(R"({"phone":"030 1234567"})", "{}");
    FAIL() << "ambiguous";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::kInvalid);
    EXPECT_EQ(error.errors().at(0).code, "contact_ambiguous");
    EXPECT_EQ(error.errors().at(0).ids, (std::vector{a, b}));
  }
  // Merged ones are one.
  api_.post("/contacts/" + a + "/merge", R"({"into":")" + b + "\"}", api_.owner);
  EXPECT_EQ(find(R"({"phone":"030 1234567"})").id.text(), b);
}

TEST_F(Finding, the_contact_takes_one_way_to_name_it) {
  EXPECT_EQ(refusal("{}"), "contact one_of;");
  EXPECT_EQ(refusal(R"({"email":"a@b.de","phone":"123"})"), "contact one_of;");
  EXPECT_EQ(refusal(R"({"source":"s"})"), "contact.external_id required;");
  EXPECT_EQ(refusal(R"({"email":"nobody"})"), "contact.email email;");
  EXPECT_EQ(refusal(R"({"phone":"none"})"), "contact.phone phone;");
  EXPECT_NE(refusal("7"), "found");
  EXPECT_NE(refusal(R"({"id":"7"})"), "found");
}

TEST(Contacts, are_listed_by_name_page_by_page) {
  Clients api;
  for (const char* name : {"Zoe", "anna", "Émile", "Bob", "Ben"}) {
    api.create(std::string(R"({"family_name":")") + name + R"(","tags":["t"]})");
  }
  const auto archived = api.create(R"({"family_name":"Old","archived":true})");
  std::string seen;
  std::string cursor;
  for (int pages = 0; pages < 4; ++pages) {
    const auto page =
        api.get("/contacts?limit=2&tag=t" + (cursor.empty() ? "" : "&cursor=" + cursor), api.owner);
    for (const auto& item : page.json.find("items")->items())
      seen += item.find("name")->text() + " ";
    cursor = page.at("next_cursor");
    if (pages == 0) {
      api.create(R"({"family_name":"Aaa","tags":["t"]})");  // comes before: moves nothing
      EXPECT_EQ(api.get("/contacts?limit=2&cursor=" + cursor, api.owner).errors(), "cursor cursor");
    }
    if (cursor.empty()) break;
  }
  EXPECT_EQ(seen, "anna Ben Bob Émile Zoe ");
  EXPECT_EQ(api.names("archived=true"), "Old");
  EXPECT_EQ(api.names("tag=none"), "");
  EXPECT_EQ(api.names("tag=t&kind=organization"), "");
  EXPECT_EQ(api.names("tag=t&kind=person&limit=1"), "Aaa");
  api.patch("/contacts/" + archived, R"({"archived":false,"tags":["t"],"family_name":"A"})",
            api.owner);
  EXPECT_EQ(api.names("tag=t&limit=2"), "A, Aaa");
  EXPECT_EQ(api.names("archived=true"), "");
}

TEST(Contacts, are_read_and_changed_by_who_may) {
  Clients api;
  const auto id = api.create(kJuergen);
  const auto auditor = api.hire("auditor", api.owner);
  EXPECT_EQ(api.get("/contacts/" + id, auditor).status, 200);
  EXPECT_EQ(api.patch("/contacts/" + id, R"({"given_name":"X"})", auditor).status, 403);
  EXPECT_EQ(api.post("/contacts", kJuergen, auditor).status, 403);
  const auto reader = api.make_key("contacts:read", api.owner);
  EXPECT_EQ(api.get("/contacts?q=muller", reader).status, 200);
  EXPECT_EQ(api.post("/contacts/" + id + "/merge", "{}", reader).status, 403);
}

}  // namespace
}  // namespace annals::contacts
