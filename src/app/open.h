// The database of a data folder with all that derives from its journal.
#pragma once
#include <memory>
#include <string>

#include "base/clock.h"
#include "db/db.h"

namespace annals::app {

/// Opens the folder (see db::open_sqlite), with the applier wired to the slices' indexes.
[[nodiscard]] std::unique_ptr<db::Database> open_database(
    const std::string& folder, const base::Clock& clock = base::system_clock(), int readers = 16);

}  // namespace annals::app
