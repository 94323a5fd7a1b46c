// The structured log: one JSON object a line on standard error, never with personal data or
// secrets. Messages are constant texts; what varies goes into fields.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace annals::base {

enum class Level { kDebug, kInfo, kWarn, kError };

struct Field {
  std::string_view name;
  std::variant<std::int64_t, std::string_view> value;
};

void set_log_level(Level level);
/// Safe from any thread.
void log(Level level, std::string_view message, std::initializer_list<Field> fields = {});

}  // namespace annals::base
