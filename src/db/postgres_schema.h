// Brings a PostgreSQL database to the schema of this program. Private to db/.
#pragma once
#include <cstdint>
#include <string>

#include "db/postgres_connection.h"

namespace annals::db {

/// How long a statement waits for what somebody has locked.
inline constexpr std::int64_t kTableLockMs = 500;

/// Settings that every session of ours begins with.
[[nodiscard]] std::string session_options();

/// Migrates. Throws kInvalid (field `database`), with a line that says what to do.
void prepare_database(const std::string& url);

/// Makes the session one that row-level security holds for. Throws kInvalid where a pooler stands
/// between (prepared statements and settings would end up in other sessions).
void enter(PostgresConnection& connection);

}  // namespace annals::db
