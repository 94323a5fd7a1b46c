// Which rows of the journal an export of evidence takes: all versions of the entries that a query
// finds and, of a contact, the rest of its leaves, so that nothing can be left out unseen.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "access/actor.h"
#include "base/clock.h"
#include "base/id.h"
#include "db/db.h"
#include "http/message.h"

namespace annals::entries {

struct SelectQuery {
  std::optional<base::Id> contact;
  http::Pairs filters;  // as GET /entries takes them, but as_of and order
};
/// How far a contact's sequence is taken.
struct SelectedContact {
  base::Id id;
  std::int64_t leaves = 0;
};

struct Selection {
  std::vector<std::int64_t> shown;        // positions; those of an entry together, in their order
  std::int64_t entries = 0;               // in `shown`
  std::vector<std::int64_t> withheld;     // of the contacts, in the journal's order
  std::vector<SelectedContact> contacts;  // none where the query names no contact
};

/// Whose entries the history of a contact shows. Throws kNotFound.
using Members =
    std::function<std::vector<base::Id>(db::Tx&, const base::Id&, std::optional<base::Micros>)>;

/// Throws kInvalid (`filters.<name>`, `contact`) where a filter is none or has a wrong value, or
/// the business has no such contact.
void check_query(db::Tx& tx, const access::Actor& actor, const SelectQuery& query,
                 const Members& members);

/// What `actor` may see of what `query` finds. Reads piece by piece; the rows of a contact after
/// SelectedContact::leaves, which came meanwhile, are for the caller to leave out. Throws as
/// check_query(). Not from inside a transaction.
[[nodiscard]] Selection select_rows(db::Database& database, const access::Actor& actor,
                                    const SelectQuery& query, const Members& members);

}  // namespace annals::entries
