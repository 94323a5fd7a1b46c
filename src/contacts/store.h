// The rows of contacts. Private to this slice.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "contacts/profile.h"
#include "db/db.h"
#include "entries/entries.h"

namespace annals::contacts {

struct Contact {
  base::Id id;
  base::Id tag;
  std::int64_t version = 1;
  Profile profile;
  std::optional<base::Id> merged_into;
  base::Micros created_at = 0;
  base::Micros updated_at = 0;
};

/// What finds contacts: kind and value as contact_keys and contact_ways hold them.
struct Mark {
  std::string_view kind;  // uid, client_number; email, phone
  std::string value;
  bool operator==(const Mark&) const = default;
};

inline constexpr std::string_view kUidKey = "uid";
inline constexpr std::string_view kClientNumberKey = "client_number";
inline constexpr std::string_view kEmailWay = "email";
inline constexpr std::string_view kPhoneWay = "phone";

[[nodiscard]] std::optional<Contact> find_contact(db::Tx& tx, const base::Id& id);
/// What entries need of a contact, without the rest.
[[nodiscard]] std::optional<entries::ContactRef> find_ref(db::Tx& tx, const base::Id& id);
/// Throws kNotFound.
[[nodiscard]] Contact load_contact(db::Tx& tx, const base::Id& id);
[[nodiscard]] bool has_people(db::Tx& tx, const base::Id& organization);

/// Writes a new contact with its keys and ways. Throws kConflict (`uid_taken`,
/// `client_number_taken`, with the id of who has it).
void insert(db::Tx& tx, const Contact& contact);
/// Writes what became of `before`, which has the same id. Throws as insert().
void update(db::Tx& tx, const Contact& before, const Contact& contact);

/// The contact that a key names.
[[nodiscard]] std::optional<base::Id> find_by_key(db::Tx& tx, const Mark& key);
/// Those that share a way, at most `limit`, in the order of their ids.
[[nodiscard]] std::vector<base::Id> find_by_way(db::Tx& tx, const Mark& way, std::size_t limit);

/// Those that were merged into `survivor` itself.
[[nodiscard]] std::vector<base::Id> merged_from(db::Tx& tx, const base::Id& survivor);
/// Where the merges of `contact` lead: itself, where it was merged into none.
[[nodiscard]] base::Id survivor_of(db::Tx& tx, const base::Id& contact);
/// `contact`, and all that were merged into it, directly or not.
[[nodiscard]] std::vector<base::Id> merged_group(db::Tx& tx, const base::Id& contact);
void start_merge(db::Tx& tx, const base::Id& loser, const base::Id& survivor);
void end_merge(db::Tx& tx, const base::Id& loser);

}  // namespace annals::contacts
