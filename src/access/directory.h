// Who the members of the staff are, for slices that name them.
#pragma once
#include <optional>
#include <string>

#include "base/encoding.h"
#include "base/id.h"
#include "db/db.h"

namespace annals::access {

/// The name of a staff member of tx.business(), active or not; nothing where there is none.
[[nodiscard]] std::optional<std::string> staff_name(db::Tx& tx, const base::Id& staff);

/// The same, of those alone who still work there.
[[nodiscard]] std::optional<std::string> active_staff_name(db::Tx& tx, const base::Id& staff);

/// The key of a business's keyed hashes, 32 bytes.
[[nodiscard]] base::Bytes business_secret(db::Tx& tx, db::BusinessKey business);

}  // namespace annals::access
