// Contacts are the people and organisations whose history is kept. What names them (UIDs, client
// number, e-mail addresses, phone numbers) finds them. Each change documents itself as an entry.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "access/actor.h"
#include "access/route.h"
#include "base/id.h"
#include "base/json.h"
#include "db/db.h"
#include "entries/entries.h"

namespace annals::contacts {

/// How a draft names its contact: exactly one of these.
struct Selector {
  std::optional<base::Id> id;
  std::optional<std::pair<std::string, std::string>> uid;  // source, external_id
  std::optional<std::string> email;
  std::optional<std::string> phone;
  std::optional<std::string> client_number{};
};

/// Reads `contact` of a draft. `field` is its path, for errors. Throws kInvalid.
[[nodiscard]] Selector parse_selector(const base::Json& json, const std::string& field);

/// For Database::write(): that `selector` is going to be resolved, and its contact recorded for.
void ask_ahead(db::Tx& tx, db::Asks& asks, const Selector& selector);

/// The one contact that `selector` names. None: kInvalid `contact_not_found`, unless `create`
/// (a body as POST /contacts takes it, which inherits the identifier) makes it. Several: kInvalid
/// `contact_ambiguous` with their ids. `field` is the selector's path, for errors.
[[nodiscard]] entries::ContactRef resolve(db::Tx& tx, const access::Actor& actor,
                                          const Selector& selector, const base::Json* create,
                                          const std::string& field);

/// Creates a contact from a body as POST /contacts takes it, and records `contact.created`.
/// Throws kInvalid (every field at fault), kConflict (`uid_taken`, `client_number_taken`).
entries::ContactRef create(db::Tx& tx, const access::Actor& actor, const base::Json& body);

/// Whose entries the history of `contact` shows: itself, those merged into it (at `as_of`, where
/// given), and, of an organisation, its people. kNotFound where the business has no such contact.
[[nodiscard]] std::vector<base::Id> members(db::Tx& tx, const base::Id& contact,
                                            std::optional<base::Micros> as_of = std::nullopt);

/// Whose histories show the entries of `contact`: the contacts that have it among their members().
[[nodiscard]] std::vector<base::Id> shown_by(db::Tx& tx, const base::Id& contact);

/// What `contact` is called; empty where the business has no such contact.
[[nodiscard]] std::string name_of(db::Tx& tx, const base::Id& contact);

/// Brings the search rows of `contact` up to its state. For the applier: `tx` writes the derived
/// tables and reads the contacts.
void index(db::Tx& tx, db::BusinessKey business, const base::Id& contact);

/// /contacts and below, except its history, summary and merge's entries, which app/ composes.
[[nodiscard]] access::Routes routes();

}  // namespace annals::contacts
