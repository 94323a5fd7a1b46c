// Which business a transaction or a file is for.
#pragma once
#include <cstdint>

namespace annals::db {

/// The business that a transaction is for; nothing outside of it is to be read or written (and on
/// PostgreSQL cannot be). kNoBusiness is for set-up, credentials and maintenance.
using BusinessKey = std::int64_t;
inline constexpr BusinessKey kNoBusiness = 0;

}  // namespace annals::db
