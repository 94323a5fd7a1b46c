#include "contacts/change.h"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "access/actor.h"
#include "base/error.h"
#include "base/fields.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/random.h"
#include "contacts/contacts.h"
#include "contacts/profile.h"
#include "contacts/store.h"
#include "db/db.h"
#include "entries/entries.h"
#include "entries/logging.h"

namespace annals::contacts {
namespace {

using base::Json;

bool is_absent(const Json& value) {
  return value.is_null() || (value.is_array() && value.items().empty()) ||
         (value.is_object() && value.members().empty()) || (value.is_bool() && !value.as_bool());
}

// Field by field, what `after` has and `before` has not. An absent value is null in both.
std::vector<entries::Change> differences(const Json& before, const Json& after) {
  std::vector<entries::Change> changes;
  for (const auto& [field, value] : after.members()) {
    const Json* old = before.find(field);
    const Json old_value = old == nullptr || is_absent(*old) ? Json() : *old;
    const Json new_value = is_absent(value) ? Json() : value;
    if (old_value.canonical() != new_value.canonical()) {
      changes.push_back({field, old_value, new_value});
    }
  }
  return changes;
}

void document(db::Tx& tx, const access::Actor& actor, const Contact& contact,
              entries::Draft draft) {
  if (actor.kind == access::Actor::Kind::kStaff) {
    draft.actor = entries::ActorClaim{.kind = "staff", .id = actor.id, .name = actor.name};
  }
  entries::record_own(tx, actor, {.id = contact.id, .tag = contact.tag}, std::move(draft));
}

void document(db::Tx& tx, const access::Actor& actor, const Contact& contact, std::string type,
              std::vector<entries::Change> changes) {
  entries::Draft draft;
  draft.type = std::move(type);
  draft.changes = std::move(changes);
  document(tx, actor, contact, std::move(draft));
}

// A consent that is given or withdrawn is a fact of its own, of the time when the contact said so.
void document_consents(db::Tx& tx, const access::Actor& actor, const Contact& contact,
                       const std::vector<Consent>& before) {
  for (const Consent& consent : contact.profile.consents) {
    const Consent* known = same_consent(before, consent);
    if (known != nullptr && known->granted == consent.granted) continue;
    entries::Draft draft;
    draft.type = consent.granted ? "consent.signed" : "consent.withdrawn";
    draft.occurred_at = consent.at;
    draft.details = to_json(consent).dump();
    document(tx, actor, contact, std::move(draft));
  }
}

// An organisation that is named must be one of this business.
void check_organization(db::Tx& tx, base::Fields& body, const Profile& profile,
                        const std::optional<base::Id>& self) {
  if (!profile.organization_id) return;
  const auto organization = find_contact(tx, *profile.organization_id);
  if (!organization || organization->id == self) {
    body.fail("organization_id", "contact_not_found", "is no contact of this business");
  } else if (!organization->profile.organization) {
    body.fail("organization_id", "not_an_organization", "is a person, not an organization");
  }
}

Contact with_next_version(db::Tx& tx, const Contact& contact) {
  Contact next = contact;
  ++next.version;
  next.updated_at = tx.now();
  return next;
}

entries::Change membership(const char* field, const std::optional<base::Id>& before,
                           const std::optional<base::Id>& after) {
  const auto json = [](const std::optional<base::Id>& id) {
    return id ? Json::string(id->text()) : Json();
  };
  return {field, json(before), json(after)};
}

void check_merge(db::Tx& tx, const Contact& loser, const Contact& survivor) {
  if (loser.merged_into) {
    throw base::conflict(
        "id", "already_merged",
        "This contact is merged into " + loser.merged_into->text() + " already; unmerge it first.");
  }
  const base::Id root = survivor_of(tx, survivor.id);
  if (root == loser.id) {
    throw base::conflict("into", "merge_circle",
                         "That contact is, or is merged into, this very one: merge it the other "
                         "way round.");
  }
  if (loser.profile.organization != survivor.profile.organization) {
    throw base::invalid("into", "kind_differs",
                        "must be of the same kind: a person and an organization are not one");
  }
  const std::size_t together = merged_group(tx, root).size() + merged_group(tx, loser.id).size();
  if (together > base::limits::kMergedContactsMax) {
    throw base::conflict("into", "too_many_members",
                         "At most " + std::to_string(base::limits::kMergedContactsMax) +
                             " contacts can be merged into one.");
  }
}

}  // namespace

Contact create_at(db::Tx& tx, const access::Actor& actor, const Json& body,
                  const std::string& path) {
  base::Fields fields(body, path);
  Contact contact;
  // Who sends only the name of an organisation means one.
  const auto named = [&](const char* name) {
    const Json* member = body.is_object() ? body.find(name) : nullptr;
    return member != nullptr && member->is_string() && !member->text().empty();
  };
  contact.profile.organization =
      named("organization_name") && !named("given_name") && !named("family_name");
  read(fields, contact.profile, actor.country, tx.now());
  check_organization(tx, fields, contact.profile, std::nullopt);
  fields.finish();
  contact.id = base::make_id(tx.now());
  base::system_random().fill(contact.tag.bytes);
  contact.created_at = contact.updated_at = tx.now();
  insert(tx, contact);
  document(tx, actor, contact, "contact.created",
           differences(to_json(Profile{}), to_json(contact.profile)));
  document_consents(tx, actor, contact, {});
  return contact;
}

entries::ContactRef create(db::Tx& tx, const access::Actor& actor, const Json& body) {
  const Contact contact = create_at(tx, actor, body, "");
  return {.id = contact.id, .tag = contact.tag};
}

Contact change(db::Tx& tx, const access::Actor& actor, const Contact& before, const Json& body) {
  base::Fields fields(body);
  Contact after = with_next_version(tx, before);
  read(fields, after.profile, actor.country, tx.now());
  if (after.profile.organization_id != before.profile.organization_id) {
    check_organization(tx, fields, after.profile, before.id);
  }
  if (before.profile.organization && !after.profile.organization && has_people(tx, before.id)) {
    fields.fail("kind", "has_people", "must stay organization while persons belong to it");
  }
  fields.finish();
  auto changes = differences(to_json(before.profile), to_json(after.profile));
  if (changes.empty()) return before;
  update(tx, before, after);
  document(tx, actor, after, "contact.changed", std::move(changes));
  document_consents(tx, actor, after, before.profile.consents);
  return after;
}

Contact merge(db::Tx& tx, const access::Actor& actor, const Contact& loser, const Json& body) {
  base::Fields fields(body);
  const auto into = fields.id("into", true);
  std::optional<Contact> survivor;
  if (into) {
    survivor = find_contact(tx, *into);
    if (!survivor) fields.fail("into", "contact_not_found", "is no contact of this business");
  }
  fields.finish();
  check_merge(tx, loser, *survivor);

  Contact merged = with_next_version(tx, loser);
  merged.merged_into = survivor->id;
  update(tx, loser, merged);
  const Contact grown = with_next_version(tx, *survivor);
  update(tx, *survivor, grown);
  start_merge(tx, loser.id, survivor->id);
  document(tx, actor, merged, "contact.merged",
           {membership("merged_into", std::nullopt, survivor->id)});
  document(tx, actor, grown, "contact.merged", {membership("merged_from", std::nullopt, loser.id)});
  return merged;
}

Contact unmerge(db::Tx& tx, const access::Actor& actor, const Contact& loser) {
  if (!loser.merged_into) {
    throw base::conflict("id", "not_merged", "This contact is not merged into another.");
  }
  const Contact survivor = load_contact(tx, *loser.merged_into);
  Contact alone = with_next_version(tx, loser);
  alone.merged_into = std::nullopt;
  update(tx, loser, alone);
  const Contact shrunk = with_next_version(tx, survivor);
  update(tx, survivor, shrunk);
  end_merge(tx, loser.id);
  document(tx, actor, alone, "contact.unmerged",
           {membership("merged_into", survivor.id, std::nullopt)});
  document(tx, actor, shrunk, "contact.unmerged",
           {membership("merged_from", loser.id, std::nullopt)});
  return alone;
}

}  // namespace annals::contacts
