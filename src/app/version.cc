#include "app/version.h"

#include <string_view>

namespace annals::app {

std::string_view version() { return ANNALS_VERSION; }

}  // namespace annals::app
