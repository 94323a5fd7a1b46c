#include "catalog/store.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "db/db.h"

namespace annals::catalog {

std::vector<std::string> strings_of(std::string_view text) {
  std::vector<std::string> strings;
  const base::Json json = base::parse_json(text);
  for (const base::Json& item : json.items()) strings.push_back(item.text());
  return strings;
}

std::string json_of(const std::vector<std::string>& strings) {
  base::JsonWriter json;
  json.begin_array();
  for (const std::string& text : strings) json.value(text);
  json.end_array();
  return json.take();
}

namespace {

LogView log_view_of(const db::Row& row) {
  return {.key = row.string(0),
          .name = row.string(1),
          .roles = strings_of(row.text(2)),
          .version = row.integer(3)};
}

ContactType contact_type_of(const db::Row& row) {
  return {.key = row.string(0),
          .name = row.string(1),
          .views = strings_of(row.text(2)),
          .archived = row.flag(3),
          .version = row.integer(4)};
}

EntryType entry_type_of(const db::Row& row) {
  return {.type = row.string(0),
          .category = row.string(1),
          .name = row.string(2),
          .views = strings_of(row.text(3)),
          .version = row.integer(4)};
}

}  // namespace

constexpr std::string_view kLogViews = R"sql(
  SELECT key, name, roles, version FROM log_views WHERE business = $1 ORDER BY key)sql";

std::vector<LogView> log_views(db::Tx& tx) {
  std::vector<LogView> views;
  auto rows = tx.query(kLogViews, {tx.business()});
  while (rows.next()) views.push_back(log_view_of(*rows));
  return views;
}

constexpr std::string_view kContactTypes = R"sql(
  SELECT key, name, views, archived, version FROM contact_types WHERE business = $1
  ORDER BY key)sql";

std::vector<ContactType> contact_types(db::Tx& tx) {
  std::vector<ContactType> types;
  auto rows = tx.query(kContactTypes, {tx.business()});
  while (rows.next()) types.push_back(contact_type_of(*rows));
  return types;
}

constexpr std::string_view kEntryTypes = R"sql(
  SELECT type, category, name, views, version FROM entry_types WHERE business = $1
  ORDER BY type)sql";

std::vector<EntryType> entry_types(db::Tx& tx) {
  std::vector<EntryType> types;
  auto rows = tx.query(kEntryTypes, {tx.business()});
  while (rows.next()) types.push_back(entry_type_of(*rows));
  return types;
}

constexpr std::string_view kLogView = R"sql(
  SELECT key, name, roles, version FROM log_views WHERE business = $1 AND key = $2)sql";

std::optional<LogView> find_log_view(db::Tx& tx, std::string_view key) {
  auto rows = tx.query(kLogView, {tx.business(), key});
  if (!rows.next()) return std::nullopt;
  return log_view_of(*rows);
}

constexpr db::LookUp kContactType{.one = R"sql(
  SELECT key, name, views, archived, version FROM contact_types
  WHERE business = $1 AND key = $2)sql"};

std::optional<ContactType> find_contact_type(db::Tx& tx, std::string_view key) {
  auto rows = tx.look_up(kContactType, key);
  if (!rows.next()) return std::nullopt;
  return contact_type_of(*rows);
}

constexpr db::LookUp kEntryType{.one = R"sql(
  SELECT type, category, name, views, version FROM entry_types
  WHERE business = $1 AND type = $2)sql"};

std::optional<EntryType> find_entry_type(db::Tx& tx, std::string_view type) {
  auto rows = tx.look_up(kEntryType, type);
  if (!rows.next()) return std::nullopt;
  return entry_type_of(*rows);
}

constexpr std::string_view kPutLogView = R"sql(
  INSERT INTO log_views (business, key, name, roles, version) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (business, key) DO UPDATE SET name = $3, roles = $4, version = $5)sql";

void put(db::Tx& tx, db::BusinessKey business, const LogView& view) {
  const std::string roles = json_of(view.roles);
  tx.execute(kPutLogView, {business, view.key, view.name, roles, view.version});
}

constexpr std::string_view kPutContactType = R"sql(
  INSERT INTO contact_types (business, key, name, views, archived, version)
  VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (business, key) DO UPDATE SET name = $3, views = $4, archived = $5,
    version = $6)sql";

void put(db::Tx& tx, db::BusinessKey business, const ContactType& type) {
  const std::string views = json_of(type.views);
  tx.execute(kPutContactType,
             {business, type.key, type.name, views, type.archived ? 1 : 0, type.version});
}

constexpr std::string_view kPutEntryType = R"sql(
  INSERT INTO entry_types (business, type, category, name, views, version)
  VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (business, type) DO UPDATE SET name = $4, views = $5, version = $6)sql";

void put(db::Tx& tx, db::BusinessKey business, const EntryType& type) {
  const std::string views = json_of(type.views);
  tx.execute(kPutEntryType, {business, type.type, type.category, type.name, views, type.version});
}

std::vector<std::string> unknown_views(db::Tx& tx, const std::vector<std::string>& views) {
  std::vector<std::string> unknown;
  for (const std::string& view : views) {
    if (!find_log_view(tx, view)) unknown.push_back(view);
  }
  return unknown;
}

}  // namespace annals::catalog
