// The version of this program, as CMakeLists.txt says it.
#pragma once
#include <string_view>

namespace annals::app {

[[nodiscard]] std::string_view version();

}  // namespace annals::app
