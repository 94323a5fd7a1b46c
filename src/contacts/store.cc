#include "contacts/store.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/id.h"
#include "base/json.h"
#include "contacts/contacts.h"
#include "contacts/profile.h"
#include "db/db.h"
#include "entries/entries.h"
#include "ledger/ledger.h"

namespace annals::contacts {
namespace {

std::vector<Mark> keys_of(const Profile& profile) {
  std::vector<Mark> keys;
  keys.reserve(profile.uids.size() + 1);
  for (const Uid& uid : profile.uids) {
    keys.push_back({kUidKey, uid_key(uid.source, uid.external_id)});
  }
  if (!profile.client_number.empty()) keys.push_back({kClientNumberKey, profile.client_number});
  return keys;
}

std::vector<Mark> ways_of(const Profile& profile) {
  std::vector<Mark> ways;
  ways.reserve(profile.emails.size() + profile.phones.size());
  for (const Email& email : profile.emails) {
    ways.push_back({kEmailWay, email_way(email.address)});
  }
  for (const Phone& phone : profile.phones) {
    ways.push_back({kPhoneWay, phone_way(phone.number, phone.e164)});
  }
  return ways;
}

bool among(const std::vector<Mark>& marks, const Mark& mark) {
  return std::find(marks.begin(), marks.end(), mark) != marks.end();
}

std::vector<base::Id> ids_of(db::Rows rows) {
  std::vector<base::Id> ids;
  while (rows.next()) ids.push_back(rows->id(0));
  return ids;
}

// By the program: asked for an order, SQLite takes the index that has it, and walks all contacts.
std::vector<base::Id> sorted(std::vector<base::Id> ids) {
  std::sort(ids.begin(), ids.end());
  return ids;
}

// Where a key of `profile` stands in a body, for errors.
std::string field_of(const Profile& profile, const Mark& key) {
  if (key.kind == kClientNumberKey) return "client_number";
  for (std::size_t i = 0; i < profile.uids.size(); ++i) {
    const Uid& uid = profile.uids[i];
    if (uid_key(uid.source, uid.external_id) == key.value) {
      return "uids[" + std::to_string(i) + "].external_id";
    }
  }
  return "uids";
}

void expect_free(db::Tx& tx, const Contact& contact, const std::vector<Mark>& keys) {
  std::vector<base::FieldError> taken;
  for (const Mark& key : keys) {
    const auto holder = find_by_key(tx, key);
    if (!holder || *holder == contact.id) continue;
    const bool is_uid = key.kind == kUidKey;
    taken.push_back({field_of(contact.profile, key),
                     is_uid ? "uid_taken" : "client_number_taken",
                     "is that of the contact " + holder->text() + " already",
                     {holder->text()}});
  }
  if (taken.empty()) return;
  std::string message = taken.front().field + ": " + taken.front().message;
  throw base::Error(base::Code::kConflict, std::move(message), std::move(taken));
}

}  // namespace

constexpr std::string_view kContact = R"sql(
  SELECT id, tag, version, state, merged_into, created_at, updated_at FROM contacts
  WHERE business = $1 AND id = $2)sql";

std::optional<Contact> find_contact(db::Tx& tx, const base::Id& id) {
  auto rows = tx.query(kContact, {tx.business(), id});
  if (!rows.next()) return std::nullopt;
  return Contact{.id = rows->id(0),
                 .tag = rows->id(1),
                 .version = rows->integer(2),
                 .profile = from_json(base::parse_json(rows->text(3))),
                 .merged_into = rows->maybe_id(4),
                 .created_at = rows->integer(5),
                 .updated_at = rows->integer(6)};
}

constexpr db::LookUp kTag{.one = "SELECT id, tag FROM contacts WHERE business = $1 AND id = $2",
                          .many = R"sql(
  SELECT f.id, f.tag FROM unnest(CAST($2 AS bytea[])) AS k (id)
  CROSS JOIN LATERAL (
    SELECT id, tag FROM contacts WHERE business = $1 AND id = k.id LIMIT 1) AS f)sql"};

std::optional<entries::ContactRef> find_ref(db::Tx& tx, const base::Id& id) {
  auto rows = tx.look_up(kTag, id);
  if (!rows.next()) return std::nullopt;
  return entries::ContactRef{.id = id, .tag = rows->id(1)};
}

Contact load_contact(db::Tx& tx, const base::Id& id) {
  auto contact = find_contact(tx, id);
  if (!contact) throw base::not_found("contact");
  return std::move(*contact);
}

constexpr std::string_view kPeople = R"sql(
  SELECT 1 FROM contacts WHERE business = $1 AND organization = $2 LIMIT 1)sql";

bool has_people(db::Tx& tx, const base::Id& organization) {
  return tx.query(kPeople, {tx.business(), organization}).next();
}

constexpr std::string_view kInsertKey = R"sql(
  INSERT INTO contact_keys (business, kind, value, contact) VALUES ($1, $2, $3, $4))sql";
constexpr std::string_view kInsertWay = R"sql(
  INSERT INTO contact_ways (business, kind, value, contact) VALUES ($1, $2, $3, $4))sql";
constexpr std::string_view kDeleteKey = R"sql(
  DELETE FROM contact_keys WHERE business = $1 AND kind = $2 AND value = $3)sql";
constexpr std::string_view kDeleteWay = R"sql(
  DELETE FROM contact_ways
  WHERE business = $1 AND kind = $2 AND value = $3 AND contact = $4)sql";
constexpr std::string_view kInsertContact = R"sql(
  INSERT INTO contacts (business, id, tag, version, state, name, organization, archived,
    merged_into, created_at, updated_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11))sql";

void insert(db::Tx& tx, const Contact& contact) {
  const auto keys = keys_of(contact.profile);
  expect_free(tx, contact, keys);
  const std::string state = to_json(contact.profile).dump();
  const std::string name = display_name(contact.profile);
  tx.execute(kInsertContact, {tx.business(), contact.id, contact.tag, contact.version, state, name,
                              contact.profile.organization_id, contact.profile.archived ? 1 : 0,
                              contact.merged_into, contact.created_at, contact.updated_at});
  for (const Mark& key : keys) {
    tx.execute(kInsertKey, {tx.business(), key.kind, key.value, contact.id});
  }
  for (const Mark& way : ways_of(contact.profile)) {
    tx.execute(kInsertWay, {tx.business(), way.kind, way.value, contact.id});
  }
}

constexpr std::string_view kUpdateContact = R"sql(
  UPDATE contacts SET version = $3, state = $4, name = $5, organization = $6, archived = $7,
    merged_into = $8, updated_at = $9
  WHERE business = $1 AND id = $2)sql";

void update(db::Tx& tx, const Contact& before, const Contact& contact) {
  const auto old_keys = keys_of(before.profile);
  const auto keys = keys_of(contact.profile);
  expect_free(tx, contact, keys);
  const std::string state = to_json(contact.profile).dump();
  const std::string name = display_name(contact.profile);
  tx.execute(kUpdateContact, {tx.business(), contact.id, contact.version, state, name,
                              contact.profile.organization_id, contact.profile.archived ? 1 : 0,
                              contact.merged_into, contact.updated_at});
  for (const Mark& key : old_keys) {
    if (!among(keys, key)) tx.execute(kDeleteKey, {tx.business(), key.kind, key.value});
  }
  for (const Mark& key : keys) {
    if (among(old_keys, key)) continue;
    tx.execute(kInsertKey, {tx.business(), key.kind, key.value, contact.id});
  }
  const auto old_ways = ways_of(before.profile);
  const auto ways = ways_of(contact.profile);
  for (const Mark& way : old_ways) {
    if (among(ways, way)) continue;
    tx.execute(kDeleteWay, {tx.business(), way.kind, way.value, contact.id});
  }
  for (const Mark& way : ways) {
    if (among(old_ways, way)) continue;
    tx.execute(kInsertWay, {tx.business(), way.kind, way.value, contact.id});
  }
}

constexpr db::LookUp kByUid{.one = R"sql(
  SELECT value, contact FROM contact_keys WHERE business = $1 AND kind = 'uid' AND value = $2)sql",
                            .many = R"sql(
  SELECT f.value, f.contact FROM unnest(CAST($2 AS text[])) AS k (value)
  CROSS JOIN LATERAL (
    SELECT value, contact FROM contact_keys
    WHERE business = $1 AND kind = 'uid' AND value = k.value LIMIT 1) AS f)sql"};
constexpr db::LookUp kByClientNumber{.one = R"sql(
  SELECT value, contact FROM contact_keys
  WHERE business = $1 AND kind = 'client_number' AND value = $2)sql"};

std::optional<base::Id> find_by_key(db::Tx& tx, const Mark& key) {
  auto rows = tx.look_up(key.kind == kUidKey ? kByUid : kByClientNumber, key.value);
  if (!rows.next()) return std::nullopt;
  return rows->id(1);
}

void ask_ahead(db::Tx& tx, db::Asks& asks, const Selector& selector) {
  std::optional<base::Id> contact = selector.id;
  if (selector.uid) {
    const std::string key = uid_key(selector.uid->first, selector.uid->second);
    asks.add(kByUid, key);
    if (tx.knows(kByUid, key)) contact = find_by_key(tx, {kUidKey, key});
  }
  if (!contact) return;
  asks.add(kTag, *contact);
  ledger::ask_ahead(tx, asks, *contact);
}

constexpr std::string_view kByWay = R"sql(
  SELECT contact FROM contact_ways WHERE business = $1 AND kind = $2 AND value = $3
  ORDER BY contact LIMIT $4)sql";

std::vector<base::Id> find_by_way(db::Tx& tx, const Mark& way, std::size_t limit) {
  return ids_of(tx.query(kByWay, {tx.business(), way.kind, way.value, limit}));
}

constexpr std::string_view kMergedFrom = R"sql(
  SELECT id FROM contacts WHERE business = $1 AND merged_into = $2)sql";

std::vector<base::Id> merged_from(db::Tx& tx, const base::Id& survivor) {
  return sorted(ids_of(tx.query(kMergedFrom, {tx.business(), survivor})));
}

constexpr std::string_view kMergedInto = R"sql(
  SELECT merged_into FROM contacts WHERE business = $1 AND id = $2)sql";

base::Id survivor_of(db::Tx& tx, const base::Id& contact) {
  base::Id at = contact;
  for (;;) {  // ends: merges make no circle
    auto rows = tx.query(kMergedInto, {tx.business(), at});
    const auto next = rows.next() ? rows->maybe_id(0) : std::nullopt;
    if (!next) return at;
    at = *next;
  }
}

constexpr std::string_view kMergedGroup = R"sql(
  WITH RECURSIVE merged (id) AS (
    SELECT id FROM contacts WHERE business = $1 AND id = $2
    UNION
    SELECT c.id FROM merged m JOIN contacts c ON c.business = $1 AND c.merged_into = m.id)
  SELECT id FROM merged)sql";

std::vector<base::Id> merged_group(db::Tx& tx, const base::Id& contact) {
  return ids_of(tx.query(kMergedGroup, {tx.business(), contact}));
}

constexpr std::string_view kHistory = R"sql(
  WITH RECURSIVE shown (id) AS (
    SELECT id FROM contacts WHERE business = $1 AND id = $2
    UNION
    SELECT c.id FROM shown s JOIN contacts c
      ON c.business = $1 AND c.id IN (
        SELECT id FROM contacts WHERE business = $1 AND merged_into = s.id
        UNION ALL
        SELECT id FROM contacts WHERE business = $1 AND organization = s.id))
  SELECT id FROM shown)sql";
constexpr std::string_view kMergedAt = R"sql(
  SELECT loser FROM contact_merges
  WHERE business = $1 AND survivor = $2 AND merged_at <= $3
    AND (unmerged_at IS NULL OR unmerged_at > $3))sql";
constexpr std::string_view kPeopleOf = R"sql(
  SELECT id FROM contacts WHERE business = $1 AND organization = $2)sql";

namespace {

std::vector<base::Id> members_at(db::Tx& tx, const base::Id& contact, base::Micros as_of) {
  std::vector<base::Id> shown{contact};
  std::set<base::Id> known{contact};
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const base::Id at = shown[i];
    auto more = sorted(ids_of(tx.query(kMergedAt, {tx.business(), at, as_of})));
    const auto people = sorted(ids_of(tx.query(kPeopleOf, {tx.business(), at})));
    more.insert(more.end(), people.begin(), people.end());
    for (const base::Id& id : more) {
      if (known.insert(id).second) shown.push_back(id);
    }
  }
  return shown;
}

}  // namespace

std::vector<base::Id> members(db::Tx& tx, const base::Id& contact,
                              std::optional<base::Micros> as_of) {
  auto ids = ids_of(tx.query(kHistory, {tx.business(), contact}));
  if (ids.empty()) throw base::not_found("contact");
  // Merges have times, belonging to an organisation has none.
  return as_of ? members_at(tx, contact, *as_of) : ids;
}

constexpr std::string_view kLastMerge = R"sql(
  SELECT max(coalesce(unmerged_at, merged_at)) FROM contact_merges
  WHERE business = $1 AND loser = $2)sql";
constexpr std::string_view kStartMerge = R"sql(
  INSERT INTO contact_merges (business, loser, survivor, merged_at) VALUES ($1, $2, $3, $4))sql";

void start_merge(db::Tx& tx, const base::Id& loser, const base::Id& survivor) {
  // Two merges of one contact never begin at one time, whatever the clock says.
  auto rows = tx.query(kLastMerge, {tx.business(), loser});
  const base::Micros last = rows.next() ? rows->integer(0) : 0;
  tx.execute(kStartMerge, {tx.business(), loser, survivor, std::max(tx.now(), last + 1)});
}

constexpr std::string_view kEndMerge = R"sql(
  UPDATE contact_merges
  SET unmerged_at = CASE WHEN merged_at < $3 THEN $3 ELSE merged_at + 1 END
  WHERE business = $1 AND loser = $2 AND unmerged_at IS NULL)sql";

void end_merge(db::Tx& tx, const base::Id& loser) {
  tx.execute(kEndMerge, {tx.business(), loser, tx.now()});
}

constexpr std::string_view kName = "SELECT name FROM contacts WHERE business = $1 AND id = $2";

std::string name_of(db::Tx& tx, const base::Id& contact) {
  auto rows = tx.query(kName, {tx.business(), contact});
  return rows.next() ? rows->string(0) : std::string();
}

}  // namespace annals::contacts
