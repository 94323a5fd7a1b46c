// One run of an import, by whoever asks for it: the command or a job of the server.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "access/actor.h"
#include "db/db.h"
#include "transfer/csv.h"
#include "transfer/mapping.h"
#include "transfer/mapping_text.h"
#include "transfer/transfer.h"

namespace annals::transfer {

struct ImportRun {
  std::string data;  // the file
  std::string name;  // what errors call it
  Value mapping;
  std::string rejected_file;
  std::string warnings_file;
  std::int64_t batch_entries = 1'024;  // of one transaction, about
  std::size_t findings_max = 20;       // that the report names, of each kind
  /// Every row is stored as ever, and each transaction is rolled back. A row sees what rows of
  /// other transactions would have stored only by the keys of its entries and of its contact.
  bool dry_run = false;
  /// Called before the first transaction and after each, with the report as it stands. What it
  /// throws ends the run.
  std::function<void(const ImportReport&, std::int64_t bytes_read, std::int64_t bytes_total)>
      progress;
};

/// Throws what run_import() throws before anything is stored.
void check_import(db::Database& database, const access::Actor& actor, const ImportRun& run);

/// As import_csv(). `report` is filled in as far as the run came, also where this throws.
void run_import(db::Database& database, const access::Actor& actor, const ImportRun& run,
                ImportReport& report);

/// The names of the file's columns: of its first row, or, where it has no header, the format's.
/// Throws kInvalid (`data`), whose message begins with `name_of_file`.
[[nodiscard]] std::vector<std::string> read_columns(CsvReader& reader, const FileFormat& format,
                                                    const std::string& name_of_file);

}  // namespace annals::transfer
