#include "access/api_key.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/actor.h"
#include "access/credential.h"
#include "access/route.h"
#include "access/settings.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/fields.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/time.h"
#include "db/db.h"
#include "http/cursor.h"
#include "http/message.h"

namespace annals::access {
namespace {

constexpr std::string_view kList = "api-keys";

constexpr std::array<std::string_view, 7> kScopes = {
    "admin",          "entries:read", "entries:write", "contacts:read",
    "contacts:write", "tasks:read",   "tasks:write"};
// What follows them is a name that the business chooses.
constexpr std::array<std::string_view, 2> kNamingScopes = {"source:", "view:"};

bool is_scope(const std::string& scope) {
  if (std::find(kScopes.begin(), kScopes.end(), scope) != kScopes.end()) return true;
  return std::any_of(kNamingScopes.begin(), kNamingScopes.end(), [&](std::string_view prefix) {
    return scope.starts_with(prefix) && scope.size() > prefix.size();
  });
}

std::string to_json(const std::vector<std::string>& scopes) {
  base::JsonWriter json;
  json.begin_array();
  for (const std::string& scope : scopes) json.value(scope);
  json.end_array();
  return json.take();
}

struct ApiKey {
  base::Id id;
  std::string name;
  std::string scopes;  // JSON
  base::Micros created_at = 0;
  std::optional<base::Micros> revoked_at;
};

// Opens an object with all that is shown of a key; the caller ends it.
void write_members(base::JsonWriter& json, const ApiKey& key) {
  json.begin_object()
      .member("id", key.id.text())
      .member("name", key.name)
      .key("scopes")
      .raw(key.scopes)
      .member("created_at", base::format_rfc3339(key.created_at))
      .key("revoked_at");
  if (key.revoked_at) {
    json.value(base::format_rfc3339(*key.revoked_at));
  } else {
    json.value(nullptr);
  }
}

}  // namespace

constexpr std::string_view kListKeys = R"(
  SELECT id, name, scopes, created_at, revoked_at FROM api_keys
  WHERE business = $1 AND id > $2 ORDER BY id LIMIT $3)";

namespace {

constexpr std::size_t kAll = INT64_MAX;

std::vector<ApiKey> keys_after(db::Tx& tx, std::string_view after, std::size_t limit) {
  std::vector<ApiKey> found;
  auto rows = tx.query(kListKeys, {tx.business(), base::as_bytes(after), limit});
  while (rows.next()) {
    found.push_back(
        {rows->id(0), rows->string(1), rows->string(2), rows->integer(3), rows->maybe_integer(4)});
  }
  return found;
}

}  // namespace

http::Response list_api_keys(const Call& call) {
  only_query(call.request, {"limit", "cursor"});
  const std::size_t limit = page_limit(call.request);
  const std::string after = http::open_cursor(call.request, kList);
  std::vector<ApiKey> page =
      call.read([&](db::Tx& tx) { return keys_after(tx, after, limit + 1); });
  const bool more = page.size() > limit;
  if (more) page.resize(limit);
  base::JsonWriter json;
  json.begin_object().key("items").begin_array();
  for (const ApiKey& key : page) {
    write_members(json, key);
    json.end_object();
  }
  json.end_array().key("next_cursor");
  if (more) {
    json.value(http::make_cursor(kList, base::as_text(page.back().id.bytes)));
  } else {
    json.value(nullptr);
  }
  json.end_object();
  return http::Response::json(200, json.take());
}

namespace {

Settings settings_of(const ApiKey& key) {
  return {{"name", base::Json::string(key.name)},
          {"scopes", base::parse_json(key.scopes)},
          {"revoked", base::Json::boolean(key.revoked_at.has_value())}};
}

}  // namespace

void add_key_settings(db::Tx& tx, std::vector<CurrentSettings>& all) {
  for (const ApiKey& key : keys_after(tx, {}, kAll)) {
    all.push_back({"api_key", key.id.text(), settings_of(key)});
  }
}

constexpr std::string_view kInsertKey = R"(
  INSERT INTO api_keys (business, id, name, scopes, secret_hash, created_at)
  VALUES ($1, $2, $3, $4, $5, $6))";

http::Response new_api_key(const Call& call) {
  only_query(call.request, {});
  const base::Json body = json_body(call.request);
  base::Fields fields(body);
  const auto name = fields.text("name", {.required = true});
  std::vector<std::string> scopes =
      fields.texts("scopes", base::limits::kScopesMax, {.required = true});
  for (const std::string& scope : scopes) {
    if (is_scope(scope)) continue;
    fields.fail("scopes", "scope",
                "has '" + scope + "', which is no scope. Scopes are " +
                    "entries:read, entries:write, contacts:read, contacts:write, tasks:read, "
                    "tasks:write, source:<name>, view:<key> and admin.");
  }
  if (fields.ok() && scopes.empty()) {
    fields.fail("scopes", "required", "must name one scope at least");
  }
  fields.finish();
  std::sort(scopes.begin(), scopes.end());
  scopes.erase(std::unique(scopes.begin(), scopes.end()), scopes.end());

  return call.write([&](db::Tx& tx) {
    const ApiKey key{base::make_id(tx.now()), *name, to_json(scopes), tx.now(), std::nullopt};
    const std::string secret = make_api_key_secret();
    const std::string hash = token_hash(secret);
    tx.execute(kInsertKey, {call.actor.business, key.id, key.name, key.scopes, base::as_bytes(hash),
                            key.created_at});
    record_settings(tx, call.actor, {"api_key", key.id.text()}, {}, settings_of(key));
    base::JsonWriter json;
    write_members(json, key);
    json.member("secret", secret).end_object();
    return http::Response::json(201, json.take());
  });
}

constexpr std::string_view kKeyExists = R"(
  SELECT 1 FROM api_keys WHERE business = $1 AND id = $2)";

constexpr std::string_view kRevokeKey = R"(
  UPDATE api_keys SET revoked_at = $3
  WHERE business = $1 AND id = $2 AND revoked_at IS NULL)";

http::Response revoke_api_key(const Call& call) {
  only_query(call.request, {});
  const base::Id id = path_id(call.request, "API key");
  return call.write([&](db::Tx& tx) {
    if (!tx.query(kKeyExists, {call.actor.business, id}).next()) throw base::not_found("API key");
    if (tx.execute(kRevokeKey, {call.actor.business, id, tx.now()}) > 0) {
      record_settings(tx, call.actor, {"api_key", id.text()},
                      {{"revoked", base::Json::boolean(false)}},
                      {{"revoked", base::Json::boolean(true)}});
      credentials_change(tx);
    }
    return http::Response::empty();
  });
}

}  // namespace annals::access
