#include <string_view>
#include <vector>

#include "base/id.h"
#include "contacts/contacts.h"
#include "db/db.h"

namespace annals::contacts {

constexpr std::string_view kShownBy = R"sql(
  WITH RECURSIVE shown (id, merged_into, organization) AS (
    SELECT id, merged_into, organization FROM contacts WHERE business = $1 AND id = $2
    UNION
    SELECT c.id, c.merged_into, c.organization FROM shown s JOIN contacts c
      ON c.business = $1 AND c.id IN (s.merged_into, s.organization))
  SELECT id FROM shown)sql";

std::vector<base::Id> shown_by(db::Tx& tx, const base::Id& contact) {
  std::vector<base::Id> ids;
  auto rows = tx.query(kShownBy, {tx.business(), contact});
  while (rows.next()) ids.push_back(rows->id(0));
  return ids;
}

}  // namespace annals::contacts
