#include "demo/stage.h"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "access/access.h"
#include "access/actor.h"
#include "access/route.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fields.h"
#include "base/id.h"
#include "base/json.h"
#include "catalog/catalog.h"
#include "contacts/contacts.h"
#include "db/db.h"
#include "demo/story.h"
#include "entries/deliver.h"
#include "entries/delivery.h"
#include "entries/draft.h"
#include "entries/entries.h"
#include "entries/history.h"
#include "http/message.h"
#include "tasks/tasks.h"

namespace annals::demo {
namespace {

// Of one transaction, all of which have its time as their recorded_at.
constexpr std::size_t kBatchSteps = 64;
constexpr const char* kBoundary = "a-boundary-that-no-file-of-ours-holds";

void append(access::Routes& all, access::Routes more) {
  for (access::Route& route : more) all.push_back(std::move(route));
}

}  // namespace

Stage::Stage(db::Database& database, base::ManualClock& clock, access::Business business,
             std::vector<access::Actor> staff)
    : database_(database),
      clock_(clock),
      business_(std::move(business)),
      staff_(std::move(staff)),
      system_(access::system_actor(business_)) {
  append(routes_, catalog::routes());
  append(routes_, contacts::routes());
  append(routes_, tasks::routes());
  append(routes_, entries::routes({.members = contacts::members,
                                   .open_tasks = tasks::open_count,
                                   .contact_name = contacts::name_of}));
}

const access::Actor& Stage::actor(int by) const {
  return by == kAutomatic ? system_ : staff_.at(static_cast<std::size_t>(by));
}

base::Json Stage::answer(const access::Actor& actor, const std::string& method,
                         const std::string& pattern, const std::string& id, std::string body,
                         const std::string& content_type) {
  for (const access::Route& route : routes_) {
    if (route.path != pattern || http::name_of(route.method) != method) continue;
    http::Request request;
    request.method = route.method;
    request.path = "/api/v1" + pattern;
    request.path_parameters = {{"id", id}};
    if (!body.empty()) request.headers = {{"content-type", content_type}};
    request.body = std::move(body);
    const http::Response response =
        http::settled(route.answer({.request = request, .actor = actor, .database = database_}));
    return response.body.empty() ? base::Json() : base::parse_json(response.body);
  }
  throw base::Error(base::Code::kInternal, "The demo asks for " + method + " " + pattern +
                                               ", and there is no such route.");
}

base::Id Stage::upload(const access::Actor& actor, const File& file) {
  std::string body = "--";
  body.append(kBoundary).append("\r\nContent-Disposition: form-data; name=\"file\"; filename=\"");
  body.append(file.name).append("\"\r\nContent-Type: ").append(file.media_type);
  body.append("\r\n\r\n").append(file.bytes);
  body.append("\r\n--").append(kBoundary).append("--\r\n");
  std::string type = "multipart/form-data; boundary=";
  type.append(kBoundary);
  const base::Json reply = answer(actor, "POST", "/attachments", "", body, type);
  const auto id = base::parse_id(reply.find("id")->text());
  CHECK(id.has_value());
  return *id;
}

void Stage::add_contact_type(const std::string& name) {
  (void)answer(staff_.at(0), "POST", "/contact-types", "", object({{"name", word(name)}}).dump(),
               "application/json");
}

void Stage::record(db::Tx& tx, const Step& step, const base::Json& json) {
  base::Fields fields(json);
  const entries::Draft draft = entries::parse_draft(fields, json);
  fields.finish();
  const auto& contact = contacts_.at(step.person);
  CHECK(contact.has_value());
  made_.at(step.number) = entries::record(tx, actor(step.by), *contact, draft).id;
}

void Stage::play_batch(const std::vector<Step>& steps, std::size_t begin, std::size_t end) {
  clock_.set(steps[end - 1].at);
  std::vector<base::Json> drafts(end - begin);
  for (std::size_t i = begin; i < end; ++i) {
    base::Json& json = drafts[i - begin];
    json = steps[i].json;
    if (steps[i].kind != Step::Kind::kEntry) continue;
    if (steps[i].by != kAutomatic && json.find("actor") == nullptr) {
      json.set("actor",
               object({{"kind", word("staff")}, {"id", word(actor(steps[i].by).id.text())}}));
    }
    std::vector<base::Json> files;
    for (const File& file : steps[i].files) {
      files.push_back(word(upload(actor(steps[i].by), file).text()));
    }
    if (!files.empty()) json.set("attachments", base::Json::array(std::move(files)));
  }
  database_.write(business_.key, [&](db::Tx& tx) {
    for (std::size_t i = begin; i < end; ++i) {
      base::Json json = drafts[i - begin];
      if (steps[i].kind == Step::Kind::kCreate) {
        contacts_.at(steps[i].person) = contacts::create(tx, staff_.at(0), json);
        continue;
      }
      if (steps[i].kind == Step::Kind::kDelivery) {
        (void)entries::deliver(tx, system_, catalog::sight(tx, system_),
                               made_.at(steps[i].target.value()),
                               entries::parse_delivery_draft(json));
        continue;
      }
      if (steps[i].about) json.set("about", word(made_.at(*steps[i].about).text()));
      record(tx, steps[i], json);
    }
  });
}

void Stage::play_call(const Step& step) {
  clock_.set(step.at);
  base::Json body = step.json;
  std::string id;
  if (step.path.starts_with("/contacts/")) id = contacts_.at(step.person)->id.text();
  if (step.target) id = made_.at(*step.target).text();
  if (step.other) body = object({{"into", word(contacts_.at(*step.other)->id.text())}});
  if (step.path == "/tasks") {
    body.set("contact", object({{"id", word(contacts_.at(step.person)->id.text())}}));
    body.set("assignee", word(actor(step.by).id.text()));
  }
  std::string pattern = step.path;
  for (const char* name : {"{contact}", "{entry}", "{task}"}) {
    const std::size_t found = pattern.find(name);
    if (found != std::string::npos) pattern.replace(found, std::string(name).size(), "{id}");
  }
  const base::Json reply = answer(actor(step.by), step.method, pattern, id,
                                  body.is_null() ? "" : body.dump(), "application/json");
  if (step.path == "/tasks")
    made_.at(step.number) = base::parse_id(reply.find("id")->text()).value();
}

void Stage::play(const Story& story) {
  const std::vector<Step> steps = story.steps();
  contacts_.assign(story.people().size(), std::nullopt);
  made_.assign(steps.size() + 1, {});
  const auto alone = [&](const Step& step) {
    return step.kind == Step::Kind::kCall || !step.files.empty() ||
           (step.kind == Step::Kind::kCreate && story.person(step.person).organization.has_value());
  };
  const auto is_create = [](const Step& step) { return step.kind == Step::Kind::kCreate; };
  std::size_t begin = 0;
  while (begin < steps.size()) {
    if (steps[begin].kind == Step::Kind::kCall) {
      play_call(steps[begin++]);
      continue;
    }
    std::size_t end = begin + 1;
    // Clients stand in their history with the time that they came: one batch, one kind, one time.
    while (!alone(steps[begin]) && end < steps.size() && end - begin < kBatchSteps &&
           !alone(steps[end]) && is_create(steps[end]) == is_create(steps[begin]) &&
           (!is_create(steps[begin]) || steps[end].at == steps[begin].at)) {
      ++end;
    }
    if (steps[begin].kind == Step::Kind::kCreate &&
        story.person(steps[begin].person).organization) {
      const std::size_t organization = *story.person(steps[begin].person).organization;
      std::vector<Step> one = {steps[begin]};
      one[0].json.set("organization_id", word(contacts_.at(organization)->id.text()));
      play_batch(one, 0, 1);
    } else {
      play_batch(steps, begin, end);
    }
    begin = end;
  }
}

}  // namespace annals::demo
