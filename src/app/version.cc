#include "app/version.h"

namespace annals::app {

std::string_view version() { return ANNALS_VERSION; }

}  // namespace annals::app
