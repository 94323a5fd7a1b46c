// The SQLite engine: two files in the data folder, annals.db (the truth, synchronous=FULL) and
// derived.db (made from it, synchronous=NORMAL); docs/design/0001-journal-and-writer.md.
#pragma once
#include <memory>
#include <string>

#include "db/db.h"

namespace annals::db {

/// Opens (or creates) the folder's database, migrates it, and starts writer and applier. The folder
/// stays locked to this process. Throws kInvalid (field `data`) where the folder is in use, is not
/// ours, is newer than this program or cannot be written.
[[nodiscard]] std::unique_ptr<Database> open_sqlite(const Options& options);

/// Removes the derived file, so that the next open_sqlite() makes it anew.
void forget_derived(const std::string& folder);

}  // namespace annals::db
