// Brings the files of a data folder to the schema of this program. Private to db/.
#pragma once
#include <span>
#include <string>

#include "db/migrations.h"

namespace annals::db {

/// Migrates annals.db (a snapshot goes to snapshots/ first) and makes derived.db, anew where its
/// version is another. Throws kInvalid (field `data`): not ours, newer, cannot be written. Where a
/// migration fails, the database stands as it was.
void prepare_files(const std::string& folder,
                   std::span<const Migration> migrations = sqlite_migrations());

[[nodiscard]] std::string primary_path(const std::string& folder);
[[nodiscard]] std::string derived_path(const std::string& folder);

}  // namespace annals::db
