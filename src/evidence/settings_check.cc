#include "evidence/settings_check.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "access/settings.h"
#include "base/error.h"
#include "base/json.h"
#include "db/db.h"
#include "ledger/ledger.h"

namespace annals::evidence {
namespace {

constexpr std::size_t kLeavesAtOnce = 1'000;  // of one read transaction, which has five seconds

// Kind, key and field, to the value as JSON.
using LastValues = std::map<std::tuple<std::string, std::string, std::string>, std::string>;

std::string text_of(const base::Json& json, std::string_view name) {
  const base::Json* value = json.find(name);
  return value != nullptr && value->is_string() ? value->text() : std::string();
}

// Leaves come newest first, so that what is there already is newer.
void add(const std::string& record, LastValues& last) {
  if (record.empty()) return;
  const base::Json json = base::parse_json(record);
  const base::Json* changes = json.find("changes");
  if (changes == nullptr) return;
  for (const base::Json& change : changes->items()) {
    last.try_emplace({text_of(json, "setting"), text_of(json, "key"), text_of(change, "field")},
                     text_of(change, "new"));
  }
}

std::size_t add_leaves(db::Tx& tx, std::int64_t& before, LastValues& last) {
  const auto leaves = ledger::settings_leaves(tx, before, kLeavesAtOnce);
  for (const ledger::SettingsLeaf& leaf : leaves) {
    before = leaf.leaf_index;
    try {
      add(leaf.record, last);
    } catch (const base::Error&) {
      continue;  // what is wrong with the record itself is told where it stands
    }
  }
  return leaves.size();
}

}  // namespace

void check_settings(db::Database& database, db::BusinessKey business, const ReadSettings& read,
                    const std::function<void(const std::string&)>& fault) {
  LastValues last;
  std::vector<access::CurrentSettings> all;
  std::int64_t before = INT64_MAX;
  // What stands and the newest leaves as of one moment: others may be at work.
  std::size_t got = database.read_as_is(business, [&](db::Tx& tx) {
    all = read(tx);
    return add_leaves(tx, before, last);
  });
  while (got == kLeavesAtOnce) {
    got = database.read_as_is(business, [&](db::Tx& tx) { return add_leaves(tx, before, last); });
  }
  for (const access::CurrentSettings& current : all) {
    for (const auto& [field, value] : current.fields) {
      const auto told = last.find({std::string(current.kind), current.key, std::string(field)});
      if (told == last.end() || told->second == value.dump()) continue;
      fault("settings: " + std::string(field) + " of " + std::string(current.kind) + " " +
            current.key + " is not what its last leaf says");
    }
  }
}

}  // namespace annals::evidence
