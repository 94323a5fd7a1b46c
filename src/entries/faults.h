// What is wrong with an entry as it is stored, by its leaves. Private to entries/.
#pragma once
#include <string>
#include <vector>

#include "db/db.h"
#include "entries/deliver.h"
#include "entries/load.h"

namespace annals::entries {

/// Names of what does not agree with the leaves of the entry, or, for `tree`, the leaves with the
/// tree; empty where all is well.
[[nodiscard]] std::vector<std::string> faults_of(db::Tx& tx, const History& history,
                                                 const Trail& trail);

}  // namespace annals::entries
