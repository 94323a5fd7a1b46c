// POST /entries: one draft, an array, or NDJSON. Composed here, since a draft may name or make a
// contact and a task.
#pragma once
#include "access/route.h"

namespace annals::app {

[[nodiscard]] access::Routes record_routes();

}  // namespace annals::app
