// Brings the files of a data folder to the schema of this program. Private to db/.
#pragma once
#include <string>

namespace annals::db {

/// Migrates annals.db (a snapshot goes to snapshots/ first) and makes derived.db, anew where its
/// version is another. Throws kInvalid (field `data`): not ours, newer, cannot be written.
void prepare_files(const std::string& folder);

[[nodiscard]] std::string primary_path(const std::string& folder);
[[nodiscard]] std::string derived_path(const std::string& folder);

}  // namespace annals::db
