// The settings as they stand against the leaves that tell of their changes. Private to evidence/.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "access/settings.h"
#include "db/db.h"

namespace annals::evidence {

/// What stands, in the transaction's business.
using ReadSettings = std::function<std::vector<access::CurrentSettings>(db::Tx&)>;

/// Tells of each field that is not what its last leaf says. What a business was founded with has no
/// leaf until it is changed.
void check_settings(db::Database& database, db::BusinessKey business, const ReadSettings& read,
                    const std::function<void(const std::string&)>& fault);

}  // namespace annals::evidence
