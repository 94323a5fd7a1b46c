// What is wrong with a stored version, by its leaf. Private to entries/.
#pragma once
#include <string>
#include <vector>

#include "db/db.h"
#include "entries/load.h"

namespace annals::entries {

/// Names of what does not agree with the leaf, or, for `tree`, the leaf with the tree; empty where
/// all is well.
[[nodiscard]] std::vector<std::string> faults_of(db::Tx& tx, const Stored& stored);

}  // namespace annals::entries
