#include "db/db.h"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "base/blocking.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/id.h"
#include "db/write_job.h"

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

void Database::run_write(BusinessKey business, const std::function<void(Tx&)>& body,
                         const Ahead& ahead) {
  Signal done;
  std::exception_ptr failure;
  const base::Blocking blocking;
  begin_write(
      business, [&body](Tx& tx) { body(tx); },
      ahead ? [&ahead](Tx& tx, Asks& asks) { ahead(tx, asks); } : Ahead(),
      [&](std::exception_ptr error) {
        failure = std::move(error);
        done.set();
      });
  done.wait();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace annals::db
