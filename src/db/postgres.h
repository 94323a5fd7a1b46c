// The PostgreSQL engine: the same tables in one database, for as many servers as are started on it;
// docs/design/0005-postgresql.md. The derived tables are written in the transaction of what they
// are derived from, so that nothing ever lags.
#pragma once
#include <memory>
#include <string>

#include "db/db.h"

namespace annals::db {

/// Connects, migrates (one server at a time) and starts the writers. `options.folder` is not used.
/// Throws kInvalid (field `database`) where the database is not ours, is newer than this program or
/// half migrated, is not in UTF-8, is older than PostgreSQL 15, is behind a pooler, or refuses us.
[[nodiscard]] std::unique_ptr<Database> open_postgres(const std::string& url,
                                                      const Options& options);

/// Empties the derived tables of the transaction's business and has them made anew in the same
/// transaction.
void forget_derived(Tx& tx);

}  // namespace annals::db
