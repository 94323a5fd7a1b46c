#include "tasks/tasks.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "access/access.h"
#include "access/actor.h"
#include "access/test_api.h"
#include "base/fields.h"
#include "base/id.h"
#include "base/json.h"
#include "base/time.h"
#include "catalog/catalog.h"
#include "contacts/contacts.h"
#include "db/db.h"
#include "entries/entries.h"

namespace annals::tasks {
namespace {

using access::Reply;
using access::TestApi;

// A studio with one client, and tasks about her.
class TasksTest : public testing::Test {
 protected:
  void SetUp() override {
    api_.add(routes());
    owner_ = api_.set_up();
    owner_id_ = api_.get("/me", owner_).at("id");
    client_ = new_client("Mia");
  }

  std::string new_client(const std::string& name) {
    return api_.database->write(1, [&](db::Tx& tx) {
      const auto actor = access::staff_actor(tx, 1, "ada@annals.example");
      return contacts::create(
                 tx, *actor,
                 base::parse_json(R"({"kind":"person","given_name":")" + name +
                                  R"(","emails":[{"address":")" + name + R"(@client.example"}]})"))
          .id.text();
    });
  }

  Reply make(const std::string& body, const std::string& who) {
    return api_.post("/tasks", body, who);
  }
  Reply make(const std::string& body) { return make(body, owner_); }

  // Records a note about the client and returns its id.
  std::string note(const std::string& who, bool is_private, std::vector<std::string> views = {}) {
    return api_.database->write(1, [&](db::Tx& tx) {
      const auto actor = access::staff_actor(tx, 1, who + "@annals.example");
      entries::Draft draft;
      draft.type = "note";
      draft.is_private = is_private;
      if (!views.empty()) draft.views = views;
      const contacts::Selector selector{
          .id = base::parse_id(client_), .uid = {}, .email = {}, .phone = {}};
      const auto contact = contacts::resolve(tx, *actor, selector, nullptr, "contact");
      return entries::record(tx, *actor, contact, draft).id.text();
    });
  }

  // The records of the client's history that are about tasks, oldest first.
  std::vector<base::Json> history() {
    return api_.database->read(1, [](db::Tx& tx) {
      std::vector<base::Json> found;
      auto rows = tx.query("SELECT record FROM journal WHERE kind = 1 ORDER BY pos", {});
      while (rows.next()) {
        base::Json record = base::parse_json(rows->text(0));
        if (record.find("type")->text().starts_with("task.")) found.push_back(std::move(record));
      }
      return found;
    });
  }
  std::string history_types() {
    std::string out;
    for (const base::Json& record : history()) out += record.find("type")->text() + " ";
    return out;
  }

  std::string titles(const std::string& query, const std::string& who) {
    const Reply list = api_.get("/tasks" + query, who);
    std::string out = list.status == 200 ? "" : list.text;
    if (list.status != 200) return out;
    for (const base::Json& item : list.json.find("items")->items()) {
      out += (out.empty() ? "" : " ") + item.find("title")->text();
    }
    return out;
  }
  std::string titles(const std::string& query) { return titles(query, owner_); }

  TestApi api_{{.seed = catalog::seed}};
  std::string owner_;
  std::string owner_id_;
  std::string client_;
};

TEST_F(TasksTest, are_created_with_all_that_is_said) {
  const Reply made = make(R"({"title":" Call back ","description":"about\nthe contract",)"
                          R"("due":"2023-12-01T10:00:00+01:00","priority":"high","assignee":")" +
                          owner_id_ + R"(","contact":{"id":")" + client_ + R"("}})");
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.header("ETag"), "\"1\"");
  EXPECT_EQ(made.at("title"), "Call back");
  EXPECT_EQ(made.at("description"), "about\nthe contract");
  EXPECT_EQ(made.at("due"), "2023-12-01T09:00:00.000000Z");
  EXPECT_EQ(made.at("assignee"), owner_id_);
  EXPECT_EQ(made.at("assignee_name"), "Ada");
  EXPECT_EQ(made.at("priority"), "high");
  EXPECT_EQ(made.at("status"), "open");
  EXPECT_EQ(made.at("contact_id"), client_);
  EXPECT_EQ(made.at("created_by.name"), "Ada");
  EXPECT_EQ(made.at("completed_at"), "");
  EXPECT_EQ(api_.get("/tasks/" + made.at("id"), owner_).text, made.text);

  const auto records = history();
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].find("type")->text(), "task.created");
  EXPECT_EQ(records[0].find("category")->text(), "tasks");
  EXPECT_EQ(records[0].find("title")->text(), "Call back");
  EXPECT_EQ(records[0].find("task")->text(), made.at("id"));
  EXPECT_EQ(records[0].find("actor")->find("name")->text(), "Ada");
  EXPECT_EQ(records[0].find("details")->text(),
            R"({"priority":"high","due":"2023-12-01T09:00:00.000000Z","assignee":{"id":")" +
                owner_id_ + R"(","name":"Ada"}})");
}

TEST_F(TasksTest, without_a_contact_write_no_history) {
  const Reply made = make(R"({"title":"Buy towels"})");
  ASSERT_EQ(made.status, 201);
  EXPECT_EQ(made.at("contact_id"), "");
  EXPECT_EQ(made.at("priority"), "normal");
  EXPECT_EQ(api_.post("/tasks/" + made.at("id") + "/complete", "", owner_).status, 200);
  EXPECT_EQ(history_types(), "");
}

TEST_F(TasksTest, due_on_a_date_are_due_until_its_end_in_the_zone_of_the_business) {
  EXPECT_EQ(make(R"({"title":"T","due":"2023-12-01"})").at("due"), "2023-12-01T22:59:59.999999Z");
  EXPECT_EQ(make(R"({"title":"T","due":"01.12.2023"})").errors(), "due time");
}

TEST_F(TasksTest, find_their_contact_as_entries_do) {
  EXPECT_EQ(make(R"({"title":"T","contact":{"email":"mia@client.example"}})").at("contact_id"),
            client_);
  EXPECT_EQ(make(R"({"title":"T","contact":{"email":"who@client.example"}})").errors(),
            "contact contact_not_found");
}

TEST_F(TasksTest, name_every_field_at_fault_and_store_nothing) {
  EXPECT_EQ(make(R"({"due":5,"priority":"urgent","assignee":"me","colour":1})").errors(),
            "title required; due type; assignee id; priority not_one_of; colour unknown_field");
  EXPECT_EQ(make(R"({"title":")" + std::string(501, 'x') + "\"}").errors(), "title too_long");
  EXPECT_EQ(make(R"({"title":"T","assignee":"0190163d-8694-739b-aea5-966c26f8ad91"})").errors(),
            "assignee staff_not_found");
  EXPECT_EQ(make(R"({"title":"T","entry":"0190163d-8694-739b-aea5-966c26f8ad91"})").errors(),
            "entry entry_not_found");
  EXPECT_EQ(titles(""), "");
}

TEST_F(TasksTest, are_not_assigned_to_who_has_left) {
  const std::string bo = api_.hire("staff", owner_);
  const std::string bo_id = api_.get("/me", bo).at("id");
  EXPECT_EQ(make(R"({"title":"T","assignee":")" + bo_id + "\"}").status, 201);
  api_.patch("/staff/" + bo_id, R"({"active":false})", owner_);
  EXPECT_EQ(make(R"({"title":"T","assignee":")" + bo_id + "\"}").errors(),
            "assignee staff_not_found");
}

TEST_F(TasksTest, are_completed_once_which_writes_an_entry) {
  const std::string id = make(R"({"title":"Call","contact":{"id":")" + client_ + R"("}})").at("id");
  const std::string bo = api_.hire("staff", owner_);
  const Reply done = api_.post("/tasks/" + id + "/complete", "", bo);
  ASSERT_EQ(done.status, 200) << done.text;
  EXPECT_EQ(done.at("status"), "completed");
  EXPECT_EQ(done.at("version"), "2");
  EXPECT_EQ(done.at("completed_at"), base::format_rfc3339(api_.clock.now()));
  EXPECT_EQ(history_types(), "task.created task.completed ");
  EXPECT_EQ(history()[1].find("recorded_by")->find("name")->text(), "staff");
  const Reply again = api_.post("/tasks/" + id + "/complete", "", bo);
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(again.errors(), "status not_open");
  EXPECT_EQ(api_.post("/tasks/" + id + "/complete", R"({"why":1})", bo).errors(),
            "why unknown_field");
}

TEST_F(TasksTest, are_canceled_and_opened_again_by_patch) {
  const std::string here =
      "/tasks/" + make(R"({"title":"Call","contact":{"id":")" + client_ + R"("}})").at("id");
  EXPECT_EQ(api_.patch(here, R"({"status":"canceled"})", owner_).at("status"), "canceled");
  EXPECT_EQ(api_.post(here + "/complete", "", owner_).status, 409);
  EXPECT_EQ(api_.patch(here, R"({"status":"open"})", owner_).at("status"), "open");
  EXPECT_EQ(api_.patch(here, R"({"status":"open"})", owner_).status, 200);
  api_.post(here + "/complete", "", owner_);
  EXPECT_EQ(api_.patch(here, R"({"status":"canceled"})", owner_).status, 409);
  EXPECT_EQ(api_.patch(here, R"({"status":"completed"})", owner_).errors(), "status not_one_of");
  EXPECT_EQ(api_.patch(here, R"({"status":"open"})", owner_).at("completed_at"), "");
  EXPECT_EQ(history_types(),
            "task.created task.canceled task.reopened task.completed task.reopened ");
}

TEST_F(TasksTest, change_field_by_field_and_obey_if_match) {
  const std::string here = "/tasks/" + make(R"({"title":"A","due":"2023-12-01","priority":"low",)"
                                            R"("description":"d"})")
                                           .at("id");
  const Reply changed = api_.patch(here, R"({"title":"B","due":null,"priority":null})", owner_,
                                   {{"if-match", "\"1\""}});
  EXPECT_EQ(changed.status, 200);
  EXPECT_EQ(changed.at("title"), "B");
  EXPECT_EQ(changed.at("due"), "");
  EXPECT_EQ(changed.at("priority"), "normal");
  EXPECT_EQ(changed.at("description"), "d") << "what is left out stays";
  EXPECT_EQ(api_.patch(here, R"({"title":"C"})", owner_, {{"if-match", "\"1\""}}).status, 412);
  EXPECT_EQ(api_.patch(here, R"({"title":null,"contact":null})", owner_).errors(),
            "title required; contact unknown_field");
  EXPECT_EQ(api_.get(here, owner_).at("version"), "2");
}

TEST_F(TasksTest, are_listed_by_due_time_with_those_without_last) {
  make(R"({"title":"never"})");
  make(R"({"title":"late","due":"2024-05-01"})");
  make(R"({"title":"soon","due":"2023-12-01"})");
  EXPECT_EQ(titles(""), "soon late never");
  std::string pages;
  std::string cursor;
  for (int i = 0; i < 3; ++i) {
    const Reply page = api_.get("/tasks?limit=1" + cursor, owner_);
    pages += page.at("items.0.title") + " ";
    cursor = "&cursor=" + page.at("next_cursor");
  }
  EXPECT_EQ(pages, "soon late never ");
  EXPECT_EQ(cursor, "&cursor=");
}

TEST_F(TasksTest, a_cursor_belongs_to_its_filters) {
  for (const char* title : {"a", "b"}) make(std::string(R"({"title":")") + title + "\"}");
  const std::string cursor = api_.get("/tasks?limit=1", owner_).at("next_cursor");
  EXPECT_EQ(api_.get("/tasks?status=open&cursor=" + cursor, owner_).errors(), "cursor cursor");
  EXPECT_EQ(titles("?limit=9&cursor=" + cursor), "b");
}

TEST_F(TasksTest, are_filtered) {
  const std::string bo = api_.hire("staff", owner_);
  const std::string bo_id = api_.get("/me", bo).at("id");
  const std::string other = new_client("Tom");
  // The clock of the tests stands at 2023-11-14T22:13:20Z, 23:13:20 in Berlin.
  make(R"({"title":"past","due":"2023-11-14T22:13:19Z","contact":{"id":")" + client_ + R"("}})");
  make(R"({"title":"day","due":"2023-11-14","assignee":")" + bo_id + "\"}");
  make(R"({"title":"next","due":"2023-11-15T00:00:00+01:00"})");
  make(R"({"title":"far","due":"2024-01-01","contact":{"id":")" + other + R"("}})");
  const std::string done = make(R"({"title":"done","due":"2023-11-01"})").at("id");
  api_.post("/tasks/" + done + "/complete", "", owner_);

  EXPECT_EQ(titles("?due=overdue"), "past");
  EXPECT_EQ(titles("?due=today"), "day");
  EXPECT_EQ(titles("?due=upcoming"), "next far");
  EXPECT_EQ(titles("?due=overdue&status=completed"), "done");
  EXPECT_EQ(titles("?status=completed"), "done");
  EXPECT_EQ(titles("?status=completed&status=open"), "done past day next far");
  EXPECT_EQ(titles("?contact=" + client_), "past");
  EXPECT_EQ(titles("?assignee=" + bo_id), "day");
  EXPECT_EQ(titles("?assignee=me", bo), "day");
  EXPECT_EQ(titles("?assignee=me"), "");
  EXPECT_EQ(titles("?assignee=none&status=open"), "past next far");
  EXPECT_EQ(titles("?assignee=none&assignee=me&status=completed", bo), "done");
  EXPECT_EQ(titles("?from=2023-11-15&to=2024-01-02"), "next far");
}

TEST_F(TasksTest, filters_are_checked) {
  EXPECT_EQ(api_.get("/tasks?due=soon", owner_).errors(), "due value");
  EXPECT_EQ(api_.get("/tasks?due=today&from=2023-01-01", owner_).errors(), "due value");
  EXPECT_EQ(api_.get("/tasks?status=new", owner_).errors(), "status value");
  EXPECT_EQ(api_.get("/tasks?assignee=x", owner_).errors(), "assignee value");
  EXPECT_EQ(api_.get("/tasks?contact=x", owner_).errors(), "contact value");
  EXPECT_EQ(api_.get("/tasks?colour=x", owner_).errors(), "colour unknown_parameter");
  EXPECT_EQ(api_.get("/tasks?due=today&due=today", owner_).errors(), "due repeated");
  EXPECT_EQ(api_.get("/tasks?from=yesterday", owner_).errors(), "from value");
  EXPECT_EQ(api_.get("/tasks?contact=0190163d-8694-739b-aea5-966c26f8ad91", owner_).status, 404);
  std::string many = "/tasks?status=open";
  for (int i = 0; i < 20; ++i) many += "&status=open";
  EXPECT_EQ(api_.get(many, owner_).errors(), "status too_many");
}

TEST_F(TasksTest, of_an_entry_take_its_contact) {
  const std::string entry = note("ada", false);
  const Reply made = make(R"({"title":"T","entry":")" + entry + "\"}");
  EXPECT_EQ(made.at("contact_id"), client_);
  EXPECT_EQ(made.at("entry_id"), entry);
  const std::string other = new_client("Tom");
  EXPECT_EQ(make(R"({"title":"T","contact":{"id":")" + other + R"("},"entry":")" + entry + "\"}")
                .errors(),
            "entry other_contact");
}

TEST_F(TasksTest, of_a_private_entry_are_private) {
  const std::string bo = api_.hire("staff", owner_);
  const std::string eve = api_.hire("manager", owner_);
  const std::string entry = note("staff", true);
  EXPECT_EQ(make(R"({"title":"T","entry":")" + entry + "\"}", eve).errors(),
            "entry entry_not_found");
  const Reply made = make(R"({"title":"Secret","entry":")" + entry + "\"}", bo);
  ASSERT_EQ(made.status, 201) << made.text;
  const std::string here = "/tasks/" + made.at("id");
  EXPECT_EQ(titles("", bo), "Secret");
  EXPECT_EQ(titles(""), "Secret") << "owners see all";
  EXPECT_EQ(titles("", eve), "");
  EXPECT_EQ(api_.get(here, eve).status, 404);
  EXPECT_EQ(api_.patch(here, R"({"title":"X"})", eve).status, 404);
  EXPECT_EQ(api_.post(here + "/complete", "", eve).status, 404);
  EXPECT_TRUE(history()[0].find("private")->as_bool()) << "and so is what it writes";
  const std::string eve_id = api_.get("/me", eve).at("id");
  api_.patch(here, R"({"assignee":")" + eve_id + "\"}", bo);
  EXPECT_EQ(titles("", eve), "Secret") << "who is to do it sees it";
}

TEST_F(TasksTest, of_an_entry_in_a_log_view_are_in_that_view) {
  const std::string bo = api_.hire("staff", owner_);
  const std::string entry = note("ada", false, {"medical"});
  api_.database->write(1, [](db::Tx& tx) {
    tx.execute("UPDATE log_views SET roles = '[\"manager\"]' WHERE key = 'medical'", {});
  });
  const Reply made = make(R"({"title":"Lab","entry":")" + entry + "\"}");
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(titles("", bo), "");
  EXPECT_EQ(titles("", api_.hire("manager", owner_)), "Lab");
  EXPECT_EQ(history()[0].find("views")->dump(), R"(["medical"])");
}

TEST_F(TasksTest, are_for_who_may) {
  const std::string here = "/tasks/" + make(R"({"title":"T"})").at("id");
  const std::string auditor = api_.hire("auditor", owner_);
  EXPECT_EQ(api_.get("/tasks", auditor).status, 200);
  EXPECT_EQ(make(R"({"title":"T"})", auditor).status, 403);
  EXPECT_EQ(api_.patch(here, "{}", auditor).status, 403);
  EXPECT_EQ(api_.post(here + "/complete", "", auditor).status, 403);
  const std::string reader = api_.make_key("tasks:read", owner_);
  EXPECT_EQ(api_.get(here, reader).status, 200);
  EXPECT_EQ(make(R"({"title":"T"})", reader).status, 403);
  const std::string writer = api_.make_key("tasks:write", owner_);
  EXPECT_EQ(api_.get(here, writer).status, 403);
  const Reply made = make(R"({"title":"T","contact":{"id":")" + client_ + R"("}})", writer);
  EXPECT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.at("created_by.kind"), "api_key");
}

TEST_F(TasksTest, of_another_business_are_not_there) {
  const std::string here = "/tasks/" + make(R"({"title":"T"})").at("id");
  access::Wiring wiring;
  wiring.password_cost = access::kCheapPasswordCost;
  std::string body = TestApi::kSetup;
  body.replace(body.find("ada@"), 4, "eve@");
  access::add_business(*api_.database, base::parse_json(body), wiring);
  const std::string eve = api_.sign_in("eve@annals.example", "correct horse");
  EXPECT_EQ(api_.get(here, eve).status, 404);
  EXPECT_EQ(titles("", eve), "");
  EXPECT_EQ(make(R"({"title":"T","contact":{"id":")" + client_ + R"("}})", eve).errors(),
            "contact contact_not_found");
  EXPECT_EQ(make(R"({"title":"T","assignee":")" + owner_id_ + "\"}", eve).errors(),
            "assignee staff_not_found");
}

TEST_F(TasksTest, are_counted_while_open) {
  const std::string id = make(R"({"title":"A","contact":{"id":")" + client_ + R"("}})").at("id");
  make(R"({"title":"B","contact":{"id":")" + client_ + R"("}})");
  make(R"({"title":"C"})");
  const auto count = [&] {
    return api_.database->read(1, [&](db::Tx& tx) {
      return open_count(tx, access::system_actor(1, {}, "UTC", ""), {*base::parse_id(client_)});
    });
  };
  EXPECT_EQ(count(), 2);
  api_.post("/tasks/" + id + "/complete", "", owner_);
  EXPECT_EQ(count(), 1);
}

TEST_F(TasksTest, of_a_draft_say_where_their_errors_are) {
  const base::Json json = base::parse_json(R"({"title":"","due":"never","assignee":"x","when":1})");
  base::Fields body(json, "task");
  static_cast<void>(parse_follow_up(body, "Europe/Berlin"));
  std::string told;
  for (const auto& error : body.errors()) told += error.field + " " + error.code + "; ";
  EXPECT_EQ(told,
            "task.title required; task.due time; task.assignee id; task.when unknown_field; ");
}

}  // namespace
}  // namespace annals::tasks
