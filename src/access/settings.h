// Changes of what decides how the history is kept or shown (the business's own settings, staff, API
// keys, types, log views) are facts of the ledger: a leaf each, in the transaction that makes them.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/actor.h"
#include "base/json.h"
#include "db/db.h"

namespace annals::access {

/// Which setting: `kind` is business, staff, api_key, log_view, contact_type, entry_type or
/// logging_rule.
struct SettingsName {
  std::string_view kind;
  std::string key;  // what names it among its kind: a key, or an id
};

/// Fields and their values. Never a secret, nor a hash of one.
using Settings = std::vector<std::pair<std::string_view, base::Json>>;

/// Appends a leaf that `actor` changed the fields that differ; none where none do. `before` is
/// empty where the thing is new, and else has the same fields in the same order.
void record_settings(db::Tx& tx, const Actor& actor, const SettingsName& name,
                     const Settings& before, const Settings& after);

/// A setting as it stands.
struct CurrentSettings {
  std::string_view kind;
  std::string key;
  Settings fields;
};
/// Those of the business itself, its staff and its API keys.
[[nodiscard]] std::vector<CurrentSettings> current_settings(db::Tx& tx);

[[nodiscard]] base::Json json_strings(const std::vector<std::string>& texts);

}  // namespace annals::access
