#include "demo/story.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/time.h"
#include "demo/words.h"

namespace annals::demo {
namespace {

// Step 0 stands for what was not told; it is nothing that happens.
Step nothing() {
  Step step;
  step.kind = Step::Kind::kCall;
  return step;
}

}  // namespace

Json object(std::vector<Json::Member> members) { return Json::object(std::move(members)); }

Story::Story(Setting setting, base::Micros now, std::uint64_t seed)
    : setting_(std::move(setting)),
      now_(now),
      today_(base::day_in_zone(now, setting_.time_zone)),
      random_(seed),
      steps_{nothing()} {}

std::int64_t Story::between(std::int64_t low, std::int64_t high) {
  CHECK(low <= high);
  return low + random_.below(static_cast<std::uint32_t>(high - low + 1));
}

base::Micros Story::at(std::int64_t day, std::int64_t hour, std::int64_t minute) const {
  return base::from_local(today_ + static_cast<base::Day>(day), hour * 3600 + minute * 60,
                          setting_.time_zone);
}

std::int64_t Story::day_of(base::Micros instant) const {
  return base::day_in_zone(instant, setting_.time_zone) - today_;
}

std::string Story::date(std::int64_t day) const {
  return base::format_date(today_ + static_cast<base::Day>(day));
}

std::size_t Story::add(Person person) {
  people_.push_back(std::move(person));
  return people_.size() - 1;
}

Person Story::make_person(std::int64_t joined_day) {
  Person out;
  out.german = setting_.german ? chance(85) : chance(12);
  const bool woman = chance(52);
  out.given = out.german ? pick(woman ? kGermanWomen : kGermanMen)
                         : pick(woman ? kEnglishWomen : kEnglishMen);
  const std::string family = chance(15)   ? pick(kFamiliesOfTheWorld)
                             : out.german ? pick(kGermanFamilies)
                                          : pick(kEnglishFamilies);
  out.name = out.given + " " + family;
  out.joined = at(joined_day, between(8, 18), between(0, 59));
  const std::string number = std::to_string(1001 + people_.size());
  out.email = mail_name(out.given) + "." + mail_name(family) + number.substr(number.size() - 2) +
              "@" + pick(kMailDomains);
  out.phone = setting_.german ? "0151 555" + std::to_string(between(10'000, 99'999))
                              : "07700 900" + std::to_string(between(100, 999));
  out.body = object({{"kind", word("person")},
                     {"given_name", word(out.given)},
                     {"family_name", word(family)},
                     {"client_number", word("K-" + number)},
                     {"language", word(out.german ? "de" : "en")},
                     {"birthday", word(date(-between(18 * 365, 80 * 365)))}});
  const std::string street = out.german
                                 ? pick(kGermanStreets) + " " + std::to_string(between(1, 99))
                                 : std::to_string(between(1, 99)) + " " + pick(kEnglishStreets);
  out.body.set("emails",
               Json::array({object({{"address", word(out.email)}, {"label", word("home")}})}));
  if (chance(85)) {
    out.body.set("phones",
                 Json::array({object({{"number", word(out.phone)}, {"label", word("mobile")}})}));
  }
  const Place& place = pick(setting_.german ? kGermanPlaces : kEnglishPlaces);
  out.body.set("addresses", Json::array({object({{"lines", Json::array({word(street)})},
                                                 {"postal_code", word(place.postal_code)},
                                                 {"city", word(place.city)},
                                                 {"country", word(place.country)}})}));
  out.body.set(
      "uids",
      Json::array({object({{"source", word("booking")}, {"external_id", word("u" + number)}})}));
  if (chance(30))
    out.body.set("tags", Json::array({word(pick(setting_.german ? kGermanTags : kEnglishTags))}));
  return out;
}

Person Story::make_organization(std::int64_t joined_day, const std::string& name) {
  Person out;
  out.name = name;
  out.given = name;
  out.german = setting_.german;
  out.joined = at(joined_day, between(8, 18), between(0, 59));
  out.email = "office@" + mail_name(name) + ".example";
  out.body =
      object({{"kind", word("organization")},
              {"organization_name", word(name)},
              {"client_number", word("F-" + std::to_string(1001 + people_.size()))},
              {"emails",
               Json::array({object({{"address", word(out.email)}, {"label", word("office")}})})}});
  return out;
}

bool Story::happened(std::size_t person, base::Micros at) const {
  return at <= now_ && at >= people_[person].joined;
}

std::size_t Story::tell(std::size_t person, base::Micros at, Telling telling) {
  if (!happened(person, at)) return 0;
  Step step;
  step.at = at;
  step.number = steps_.size();
  step.person = person;
  step.by = telling.by;
  step.files = std::move(telling.files);
  step.about = telling.about;
  Json& json = step.json;
  json = object({{"type", word(telling.type)}, {"occurred_at", word(base::format_rfc3339(at))}});
  const auto set = [&](const char* key, const std::string& text) {
    if (!text.empty()) json.set(key, word(text));
  };
  set("title", telling.title);
  set("text", telling.text);
  set("contact_type", telling.contact_type);
  set("method", telling.method);
  set("direction", telling.direction);
  if (!telling.details.empty()) json.set("details", object(std::move(telling.details)));
  if (telling.cents) {
    json.set("amount",
             object({{"value", count(*telling.cents)}, {"currency", word(setting_.currency)}}));
  }
  if (telling.is_private) json.set("private", Json::boolean(true));
  if (!telling.views.empty()) {
    std::vector<Json> views;
    views.reserve(telling.views.size());
    for (std::string& view : telling.views) views.push_back(word(std::move(view)));
    json.set("views", Json::array(std::move(views)));
  }
  if (!telling.changes.empty()) {
    std::vector<Json> changes;
    changes.reserve(telling.changes.size());
    for (auto& [field, before, after] : telling.changes) {
      changes.push_back(object({{"field", word(field)},
                                {"old", before.empty() ? Json() : word(before)},
                                {"new", after.empty() ? Json() : word(after)}}));
    }
    json.set("changes", Json::array(std::move(changes)));
  }
  if (telling.by == kAutomatic) {
    const std::string category = telling.type.substr(0, telling.type.find('.'));
    const bool money = category == "invoice" || category == "payment" || category == "contract";
    const bool mail = category == "email" || category == "sms" || category == "push" ||
                      category == "newsletter" || category == "campaign" || category == "birthday";
    set("source", money ? "billing" : mail ? "mailer" : "booking");
    set("source_id", telling.type + "/" + std::to_string(step.number));
    if (telling.staff >= 0) {
      json.set("actor",
               object({{"kind", word("staff")},
                       {"name", word(setting_.staff[static_cast<std::size_t>(telling.staff)])}}));
    } else if (!telling.actor.empty()) {
      Json actor = object({{"kind", word(telling.actor)}});
      if (telling.actor == "contact") actor.set("name", word(people_[person].name));
      if (telling.actor == "automation") actor.set("name", word(house("Automation", "Automatik")));
      json.set("actor", std::move(actor));
    }
  }
  steps_.push_back(std::move(step));
  return steps_.back().number;
}

Step& Story::call(std::size_t person, base::Micros at, int by, std::string method,
                  std::string path) {
  Step step;
  step.kind = Step::Kind::kCall;
  step.at = std::min(at, now_);
  step.number = steps_.size();
  step.person = person;
  step.by = by;
  step.method = std::move(method);
  step.path = std::move(path);
  steps_.push_back(std::move(step));
  return steps_.back();
}

void Story::correct(std::size_t step, base::Micros at, int by, const char* field,
                    const std::string& value, const std::string& reason) {
  if (step == 0 || at > now_) return;
  Step& made = call(steps_[step].person, at, by, "POST", "/entries/{entry}/corrections");
  made.target = step;
  made.json = object({{field, word(value)}, {"reason", word(reason)}});
}

void Story::retract(std::size_t step, base::Micros at, int by, const std::string& reason) {
  if (step == 0 || at > now_) return;
  Step& made = call(steps_[step].person, at, by, "POST", "/entries/{entry}/retraction");
  made.target = step;
  made.json = object({{"reason", word(reason)}});
}

void Story::deliver(std::size_t step, base::Micros at, const char* status,
                    const std::string& reason, bool machine) {
  if (step == 0 || at > now_) return;
  Step event;
  event.kind = Step::Kind::kDelivery;
  event.at = at;
  event.number = steps_.size();
  event.person = steps_[step].person;
  event.target = step;
  event.json = object({{"status", word(status)}, {"occurred_at", word(base::format_rfc3339(at))}});
  if (!reason.empty()) event.json.set("reason", word(reason));
  if (machine) event.json.set("machine", Json::boolean(true));
  steps_.push_back(std::move(event));
}

void Story::pin(std::size_t step, base::Micros at, int by) {
  if (step == 0 || at > now_) return;
  call(steps_[step].person, at, by, "PUT", "/entries/{entry}/pin").target = step;
}

void Story::task(std::size_t person, base::Micros at, int by, const std::string& title,
                 std::int64_t due_day, std::optional<base::Micros> done, bool canceled) {
  if (!happened(person, at)) return;
  Step& made = call(person, at, by, "POST", "/tasks");
  made.json = object({{"title", word(title)},
                      {"due", word(date(due_day))},
                      {"priority", word(chance(15) ? "high" : "normal")}});
  const std::size_t number = made.number;
  if (!done || *done > now_) return;
  Step& end = canceled ? call(person, *done, by, "PATCH", "/tasks/{task}")
                       : call(person, *done, by, "POST", "/tasks/{task}/complete");
  end.target = number;
  if (canceled) end.json = object({{"status", word("canceled")}});
}

void Story::change(std::size_t person, base::Micros at, int by, Json patch) {
  if (!happened(person, at)) return;
  call(person, at, by, "PATCH", "/contacts/{contact}").json = std::move(patch);
}

void Story::merge(std::size_t person, std::size_t into, base::Micros at, int by) {
  if (!happened(person, at)) return;
  call(person, at, by, "POST", "/contacts/{contact}/merge").other = into;
}

void Story::unmerge(std::size_t person, base::Micros at, int by) {
  if (!happened(person, at)) return;
  (void)call(person, at, by, "POST", "/contacts/{contact}/unmerge");
}

std::vector<Step> Story::steps() const {
  std::vector<Step> out(steps_.begin() + 1, steps_.end());
  for (std::size_t i = 0; i < people_.size(); ++i) {
    Step step;
    step.kind = Step::Kind::kCreate;
    step.at = people_[i].joined;
    step.person = i;
    step.json = people_[i].body;
    out.push_back(std::move(step));
  }
  // A client comes first of all that happens at one time; organisations before their people.
  std::sort(out.begin(), out.end(), [&](const Step& a, const Step& b) {
    const auto order = [&](const Step& step) {
      const bool creates = step.kind == Step::Kind::kCreate;
      const bool belongs = creates && people_[step.person].organization.has_value();
      return std::make_tuple(creates ? (belongs ? 1 : 0) : 2, step.number, step.person);
    };
    return a.at != b.at ? a.at < b.at : order(a) < order(b);
  });
  return out;
}

}  // namespace annals::demo
