// The database of a data folder, or of a PostgreSQL server, with all that derives from its journal.
#pragma once
#include <memory>
#include <string>

#include "base/clock.h"
#include "db/db.h"

namespace annals::app {

/// Opens what `place` names, a folder (see db::open_sqlite) or the address of a PostgreSQL database
/// (postgresql://…, see db::open_postgres), with the applier wired to the slices' indexes.
[[nodiscard]] std::unique_ptr<db::Database> open_database(
    const std::string& place, const base::Clock& clock = base::system_clock(), int readers = 16);

/// Makes the derived tables of `place` anew; nobody else may work on a folder meanwhile.
void rebuild_index(const std::string& place);

[[nodiscard]] bool is_postgres(const std::string& place);

}  // namespace annals::app
