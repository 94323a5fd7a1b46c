// The schema, embedded from migrations/ by the build.
#pragma once
#include <span>
#include <string_view>

namespace annals::db {

struct Migration {
  int version;
  std::string_view sql;
};

[[nodiscard]] std::span<const Migration> sqlite_migrations();
[[nodiscard]] std::span<const Migration> sqlite_derived_migrations();
[[nodiscard]] std::span<const Migration> postgres_migrations();

}  // namespace annals::db
