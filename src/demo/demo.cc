#include "demo/demo.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "access/access.h"
#include "access/actor.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "catalog/catalog.h"
#include "db/db.h"
#include "demo/houses.h"
#include "demo/stage.h"
#include "demo/story.h"
#include "evidence/evidence.h"
#include "ledger/signer.h"

namespace annals::demo {
namespace {

namespace fs = std::filesystem;

// Of the staff after the owner, in their order.
constexpr std::array<const char*, 4> kRoles = {"manager", "staff", "staff", "auditor"};

Json new_business(const Setting& setting) {
  return object({{"business", object({{"name", word(setting.name)},
                                      {"time_zone", word(setting.time_zone)},
                                      {"locale", word(setting.locale)},
                                      {"currency", word(setting.currency)}})},
                 {"owner", object({{"name", word(setting.staff.at(0))},
                                   {"email", word(kEmail)},
                                   {"password", word(kPassword)}})}});
}

// first name @ the house, so that a visitor can try the other roles, too.
std::string address_of(const Setting& setting, const std::string& name) {
  return base::ascii_lower(name.substr(0, name.find(' '))) + "@" + setting.domain;
}

void open_house(db::Database& database, ledger::Signer& signer, base::ManualClock& clock,
                const Options& options, const Story& story) {
  const Setting& setting = story.setting();
  clock.set(story.at(-kDays, 8) - base::kMicrosPerDay);
  const access::Wiring wiring{
      .seed = [](db::Tx& tx, db::BusinessKey business) { catalog::seed(tx, business); },
      .ledger_key = evidence::ledger_key(signer),
      .password_cost = options.password_cost,
      .clock = &clock};
  const access::Business business = access::add_business(database, new_business(setting), wiring);
  std::vector<std::string> addresses = {kEmail};
  for (std::size_t i = 1; i < setting.staff.size(); ++i) {
    addresses.push_back(address_of(setting, setting.staff[i]));
    const bool last = i + 1 == setting.staff.size();
    access::add_staff(database, business.key,
                      object({{"name", word(setting.staff[i])},
                              {"email", word(addresses.back())},
                              {"role", word(last ? "auditor" : kRoles.at(i - 1))},
                              {"password", word(kPassword)}}),
                      options.password_cost);
  }
  auto staff = database.read(business.key, [&](db::Tx& tx) {
    std::vector<access::Actor> actors;
    actors.reserve(addresses.size());
    for (const std::string& address : addresses) {
      actors.push_back(access::staff_actor(tx, business.key, address).value());
    }
    return actors;
  });
  Stage stage(database, clock, business, std::move(staff));
  for (const std::string& type : setting.types) stage.add_contact_type(type);
  stage.play(story);
}

// Whatever lies in the folder may be somebody's.
void check_empty(const std::string& folder) {
  std::error_code ignored;
  if (!fs::exists(folder, ignored)) return;
  if (!fs::is_directory(folder, ignored) || !fs::is_empty(folder, ignored)) {
    throw base::invalid("data", "not_empty",
                        folder + " is not empty; the demo's data needs a folder of its own");
  }
}

}  // namespace

Report make(const Options& options) {
  check_empty(options.folder);
  const std::string part = options.folder + ".part";
  fs::remove_all(part);  // of a run that was killed
  Report report;
  {
    base::ManualClock clock(options.clock->now());
    const auto database = options.open(part, clock);
    ledger::Signer signer(*database, part + "/keys", "", clock);
    const base::Micros now = options.clock->now();
    std::uint64_t seed = options.seed;
    for (const auto& tell : {studio, clinic, seminar_house, club}) {
      const Story story = tell(now, seed++);
      open_house(*database, signer, clock, options, story);
      report.contacts += static_cast<std::int64_t>(story.people().size());
      report.entries += static_cast<std::int64_t>(story.steps().size());
    }
  }
  fs::remove(options.folder);
  fs::rename(part, options.folder);
  return report;
}

}  // namespace annals::demo
