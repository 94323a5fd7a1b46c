#include "access/settings.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "access/actor.h"
#include "access/api_key.h"
#include "access/business.h"
#include "access/staff.h"
#include "base/error.h"
#include "base/json.h"
#include "db/db.h"
#include "ledger/ledger.h"

namespace annals::access {
namespace {

// As records of entries say it.
base::Json recorded_by(const Actor& actor) {
  base::Json by = base::Json::object();
  by.set("kind", base::Json::string(std::string(name_of(actor.kind))));
  if (actor.kind == Actor::Kind::kSystem) return by;
  by.set("id", base::Json::string(actor.id.text()));
  by.set("name", base::Json::string(actor.name));
  return by;
}

// Values stand as strings that hold JSON, as in records of entries: the record's own form stays
// strings and integers.
base::Json differences(const Settings& before, const Settings& after) {
  CHECK(before.empty() || before.size() == after.size());
  std::vector<base::Json> changes;
  for (std::size_t i = 0; i < after.size(); ++i) {
    const auto& [field, value] = after[i];
    const base::Json old = before.empty() ? base::Json() : before[i].second;
    if (old == value) continue;
    base::Json change = base::Json::object();
    change.set("field", base::Json::string(std::string(field)));
    change.set("new", base::Json::string(value.dump()));
    change.set("old", base::Json::string(old.dump()));
    changes.push_back(std::move(change));
  }
  return base::Json::array(std::move(changes));
}

}  // namespace

void record_settings(db::Tx& tx, const Actor& actor, const SettingsName& name,
                     const Settings& before, const Settings& after) {
  base::Json changes = differences(before, after);
  if (changes.items().empty()) return;
  base::Json facts = base::Json::object();
  facts.set("setting", base::Json::string(std::string(name.kind)));
  facts.set("key", base::Json::string(name.key));
  facts.set("changes", std::move(changes));
  facts.set("recorded_by", recorded_by(actor));
  ledger::append_own(tx, actor.business_id, ledger::Kind::kSettings, std::move(facts));
}

std::vector<CurrentSettings> current_settings(db::Tx& tx) {
  std::vector<CurrentSettings> all;
  add_business_settings(tx, all);
  add_staff_settings(tx, all);
  add_key_settings(tx, all);
  return all;
}

base::Json json_strings(const std::vector<std::string>& texts) {
  std::vector<base::Json> items;
  items.reserve(texts.size());
  for (const std::string& text : texts) items.push_back(base::Json::string(text));
  return base::Json::array(std::move(items));
}

}  // namespace annals::access
