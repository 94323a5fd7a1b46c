// What the routes of settings share: pages of short lists, replies with a version, the log views of
// a body, changes that the ledger is told of. Private to this slice.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/route.h"
#include "access/settings.h"
#include "base/fields.h"
#include "base/json.h"
#include "base/limits.h"
#include "catalog/logging_rules.h"
#include "catalog/store.h"
#include "db/db.h"
#include "http/cursor.h"
#include "http/message.h"

namespace annals::catalog {

template <class Strings>
void write_strings(base::JsonWriter& json, std::string_view name, const Strings& strings) {
  json.key(name).begin_array();
  for (const auto& text : strings) json.value(std::string_view(text));
  json.end_array();
}

/// With the version as its ETag.
[[nodiscard]] http::Response versioned_reply(int status, std::string body, std::int64_t version);

/// Throws kConflict where there are `max` already.
void expect_room(std::size_t have, std::size_t max, const char* what);

/// The `views` of a body; an unknown one is an error of `body`.
[[nodiscard]] std::vector<std::string> read_views(db::Tx& tx, base::Fields& body);

/// One page of `items`, which are in the order of key_of(item). Settings are short lists that forms
/// want whole, so that a page is as long as may be unless the caller says otherwise.
template <class Item, class KeyOf, class Write>
http::Response page(const http::Request& request, std::string_view list,
                    const std::vector<Item>& items, KeyOf key_of, Write write) {
  access::only_query(request, {"cursor", "limit"});
  const std::size_t limit =
      request.query_value("limit") ? access::page_limit(request) : base::limits::kPageMax;
  const std::string after = http::open_cursor(request, list);
  const auto begin = std::find_if(items.begin(), items.end(), [&](const Item& item) {
    const std::string key(key_of(item));
    return after.empty() || key > after;
  });
  const auto rest = static_cast<std::size_t>(items.end() - begin);
  const auto end = begin + static_cast<std::ptrdiff_t>(std::min(limit, rest));
  base::JsonWriter json;
  json.begin_object().key("items").begin_array();
  for (auto item = begin; item != end; ++item) write(json, *item);
  json.end_array().key("next_cursor");
  if (end == items.end()) {
    json.value(nullptr);
  } else {
    json.value(http::make_cursor(list, key_of(*(end - 1))));
  }
  json.end_object();
  return http::Response::json(200, json.take());
}

/// What the ledger is told of a setting: which it is, and its fields.
[[nodiscard]] access::SettingsName name_of(const LogView& view);
[[nodiscard]] access::SettingsName name_of(const ContactType& type);
[[nodiscard]] access::SettingsName name_of(const EntryType& type);
[[nodiscard]] access::SettingsName name_of(const LoggingRule& rule);
[[nodiscard]] access::Settings settings_of(const LogView& view);
[[nodiscard]] access::Settings settings_of(const ContactType& type);
[[nodiscard]] access::Settings settings_of(const EntryType& type);
[[nodiscard]] access::Settings settings_of(const LoggingRule& rule);

/// Puts `after` in the place of `before`, and tells the ledger what differs.
template <class Item>
void put_and_tell(const access::Call& call, db::Tx& tx, const std::optional<Item>& before,
                  const Item& after) {
  put(tx, tx.business(), after);
  access::record_settings(tx, call.actor, name_of(after),
                          before ? settings_of(*before) : access::Settings(), settings_of(after));
}

}  // namespace annals::catalog
