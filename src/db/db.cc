#include "db/db.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/encoding.h"
#include "base/error.h"
#include "base/id.h"

namespace annals::db {

base::Id Row::id(int column) const {
  const base::ByteSpan bytes = blob(column);
  base::Id id;
  if (bytes.size() != id.bytes.size()) {
    throw base::Error(base::Code::kInternal, "A column that holds an id has another size.");
  }
  std::copy(bytes.begin(), bytes.end(), id.bytes.begin());
  return id;
}

std::optional<base::Id> Row::maybe_id(int column) const {
  if (is_null(column)) return std::nullopt;
  return id(column);
}

std::optional<std::string> Row::maybe_string(int column) const {
  if (is_null(column)) return std::nullopt;
  return string(column);
}

std::optional<std::int64_t> Row::maybe_integer(int column) const {
  if (is_null(column)) return std::nullopt;
  return integer(column);
}

}  // namespace annals::db
