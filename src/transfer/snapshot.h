// A database file of the SQLite engine, copied at one instant and looked at without touching it.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace annals::transfer {

/// Copies the database `from`, which another process may be writing, to the new file `to`, as of
/// one instant. Reads only: the source's write-ahead log is left to its owner. Throws kInvalid
/// (field `data`), kStorageFull, kUnavailable.
void copy_database(const std::string& from, const std::string& to);

struct DatabaseFacts {
  std::int64_t schema = 0;
  std::int64_t businesses = 0;
  std::int64_t contacts = 0;
  std::int64_t leaves = 0;
  std::vector<std::string> files;  // hexadecimal SHA-256 of what attachments refer to, sorted
};

/// Checks a database that nobody writes: that it is ours, SQLite's integrity check, each contact's
/// sequence (from 1) and each business's log (from 0) without gap. Throws kConflict (field: the
/// path) that says what is wrong.
[[nodiscard]] DatabaseFacts check_database(const std::string& path);

}  // namespace annals::transfer
