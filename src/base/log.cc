#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <initializer_list>
#include <memory>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "base/json.h"
#include "base/time.h"

namespace annals::base {
namespace {

spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> instance = [] {
    auto made = std::make_shared<spdlog::logger>("annals",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    return made;
  }();
  return *instance;
}

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarn:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string_view name_of(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarn:
      return "warn";
    case Level::kError:
      return "error";
  }
  return "info";
}

}  // namespace

void set_log_level(Level level) { logger().set_level(spdlog_level(level)); }

void log(Level level, std::string_view message, std::initializer_list<Field> fields) {
  if (!logger().should_log(spdlog_level(level))) return;
  JsonWriter line;
  line.begin_object();
  line.member("time", format_rfc3339(system_clock().now()));
  line.member("level", name_of(level));
  line.member("message", message);
  for (const Field& field : fields) {
    std::visit([&](const auto& value) { line.member(field.name, value); }, field.value);
  }
  line.end_object();
  logger().log(spdlog_level(level), "{}", line.text());
}

}  // namespace annals::base
