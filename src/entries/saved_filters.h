// Filters that people keep by name, for themselves or for everybody. Private to entries/.
#pragma once
#include "access/route.h"

namespace annals::entries {

[[nodiscard]] access::Routes saved_filter_routes();

}  // namespace annals::entries
