// What comes in and goes out in bulk: imports of CSV, backups, restores, and the demo's data.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "access/actor.h"
#include "db/db.h"

namespace annals::transfer {

/// What became of the rows so far.
struct ImportCounts {
  std::int64_t rows = 0;
  std::int64_t skipped = 0;   // by a rule of the mapping
  std::int64_t rejected = 0;  // nothing of the row was stored
  std::int64_t warned = 0;    // stored, and worth a look
  std::int64_t contacts_created = 0;
  std::int64_t contacts_found = 0;  // that were there before, each counted once
  std::int64_t entries_created = 0;
  std::int64_t entries_duplicate = 0;
};

struct ImportProgress {
  ImportCounts counts;
  std::int64_t bytes_read = 0;  // of the file as it lies
  std::int64_t bytes_total = 0;
};

/// A row that was rejected or warned about.
struct ImportFinding {
  std::int64_t line = 0;
  std::string reason;
};

struct ImportReport {
  ImportCounts counts;
  // The first of each kind; all stand in the files.
  std::vector<ImportFinding> rejected;
  std::vector<ImportFinding> warnings;
  std::string rejected_file;  // empty where no row was rejected
  std::string warnings_file;  // empty where there is no warning
};

struct ImportOptions {
  std::string data;           // a CSV file, may be packed by gzip
  std::string mapping;        // a TOML file (docs/import.md)
  std::string rejected_file;  // empty: `data` + ".rejected.csv", in the current folder where that
                              // of the data cannot be written
  std::string warnings_file;  // likewise ".warnings.csv"
  std::int64_t batch_entries = 1'024;  // of one transaction, about
  /// Called after each transaction, on the caller's thread. What it throws ends the import and
  /// comes out of import_csv(); what was stored stays.
  std::function<void(const ImportProgress&)> progress{};
};

/// Imports a file into the actor's business. Each row is stored whole or not at all; a second run
/// finds what the first one stored. Throws kInvalid about the mapping (line, column and key) or
/// the file, kNotFound where a file is missing, before anything is stored; later kUnavailable,
/// kUnknownOutcome or kStorageFull, after which the import can be run again.
ImportReport import_csv(db::Database& database, const access::Actor& actor,
                        const ImportOptions& options);

}  // namespace annals::transfer
