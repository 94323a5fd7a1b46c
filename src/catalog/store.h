// The rows that a business keeps of types, contact types and log views. Private to this slice.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/actor.h"
#include "db/db.h"

namespace annals::catalog {

inline constexpr std::string_view kGeneralView = "general";

struct LogView {
  std::string key;
  std::string name;
  std::vector<std::string> roles;
  std::int64_t version = 1;
};

struct ContactType {
  std::string key;
  std::string name;
  std::vector<std::string> views;
  bool archived = false;
  std::int64_t version = 1;
};

/// A type of the business's own, or what it changed of a built-in one.
struct EntryType {
  std::string type;
  std::string category;
  std::string name;  // empty for the built-in name
  std::vector<std::string> views;
  std::int64_t version = 1;
};

// All of a business's, ordered by key. The limits on their number keep these lists short.
[[nodiscard]] std::vector<LogView> log_views(db::Tx& tx);
[[nodiscard]] std::vector<ContactType> contact_types(db::Tx& tx);
[[nodiscard]] std::vector<EntryType> entry_types(db::Tx& tx);

[[nodiscard]] std::optional<LogView> find_log_view(db::Tx& tx, std::string_view key);
[[nodiscard]] std::optional<ContactType> find_contact_type(db::Tx& tx, std::string_view key);
[[nodiscard]] std::optional<EntryType> find_entry_type(db::Tx& tx, std::string_view type);

// Insert, or replace what has the same key.
void put(db::Tx& tx, db::BusinessKey business, const LogView& view);
void put(db::Tx& tx, db::BusinessKey business, const ContactType& type);
void put(db::Tx& tx, db::BusinessKey business, const EntryType& type);

/// A column that holds a JSON array of strings.
[[nodiscard]] std::vector<std::string> strings_of(std::string_view text);
[[nodiscard]] std::string json_of(const std::vector<std::string>& strings);

/// Those of `views` that the business does not have.
[[nodiscard]] std::vector<std::string> unknown_views(db::Tx& tx,
                                                     const std::vector<std::string>& views);

/// Whether `actor` may see `view`.
[[nodiscard]] bool may_see(const access::Actor& actor, const LogView& view);

/// "gym.turnstile_passed" → "Gym turnstile passed".
[[nodiscard]] std::string title_from(std::string_view type);

/// Whether it is a dotted name of lower case, digits and underscores.
[[nodiscard]] bool is_type_name(std::string_view type);

}  // namespace annals::catalog
