// What comes in and goes out in bulk: imports of CSV, backups, restores, and the demo's data.
#pragma once
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "access/actor.h"
#include "access/route.h"
#include "base/clock.h"
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

/// One thing that is wrong with a row, for programs.
struct ImportFault {
  std::string field;  // the column, or a path into what the row was to become
  std::string code;
  std::string value;  // what stands there, where it cannot be read; else empty
};

/// A row that was rejected or warned about.
struct ImportFinding {
  std::int64_t line = 0;
  std::string reason;                 // for people, and all of it
  std::vector<ImportFault> faults{};  // none of a warning, and where the reason is of another kind
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

/// Is told of each change of an import: whose it is, and a brief account of it.
using ImportListener = std::function<void(const access::Actor&, const std::string&)>;

/// The imports that people ask a server for: uploaded, looked at, tried and run, a few at a time
/// on threads of their own, beside all other traffic. Each is for who uploaded it, and for a day
/// (limits::kImportKeptSeconds), over restarts of the server too: one that was at work is then
/// interrupted, and can be run again.
class Imports {
 public:
  /// Files are kept in `folder`, which is made where it is missing; several processes may share it.
  /// All of these must outlive it.
  Imports(db::Database& database, ImportListener listener, const std::string& folder,
          const base::Clock& clock);
  ~Imports();  // stop()
  Imports(const Imports&) = delete;
  Imports& operator=(const Imports&) = delete;

  /// /imports . This must outlive the routes.
  [[nodiscard]] access::Routes routes();
  /// Drops those that were kept long enough. Safe from any thread.
  void drop_old();
  /// Interrupts what is being run. Idempotent.
  void stop();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

struct ImportCommand {
  ImportOptions options;
  std::string folder;  // the data folder
  bool dry_run = false;
  bool terminal = false;  // draw a bar on `err`, in place of plain lines
  const base::Clock* clock = &base::system_clock();
  /// Opens a data folder as the server does.
  std::function<std::unique_ptr<db::Database>(const std::string& folder)> open{};
  /// Who imports, into which business.
  std::function<access::Actor(db::Database&)> actor{};
};

/// `annals import`: runs the import and tells what came of it. With `dry_run` the same happens to a
/// copy of the data that is thrown away, so that every verdict is the true one; the folder itself
/// may be in use by a server then. Exit codes: 0 every row was stored or skipped by a rule, 1 some
/// were rejected, 2 nothing was stored (usage, mapping, a missing file), 3 the import stopped on
/// the way; what was stored stays, and running it again completes it.
int import_command(const ImportCommand& command, std::ostream& out, std::ostream& err);

/// What a backup holds.
struct BackupReport {
  std::int64_t businesses = 0;
  std::int64_t contacts = 0;
  std::int64_t leaves = 0;  // of all ledgers: entries, corrections, retractions
  std::int64_t files = 0;   // attachments' bytes, each once
  std::int64_t bytes = 0;   // of everything
};

/// Copies the data in `folder` to `target`, a folder that is empty or not there yet: annals.db as
/// it stands at one instant, the files that it refers to, and manifest.json with the SHA-256 of
/// each. A server may run on `folder` meanwhile; it is only read. The copy is checked before this
/// returns: the database's own integrity, gapless sequences, every file's hash. Throws kInvalid
/// (field `data` or `to`), kConflict where the copy does not stand the check, kStorageFull.
BackupReport back_up(const std::string& folder, const std::string& target,
                     const base::Clock& clock);

/// Checks a backup as back_up() does, against its manifest. Throws kConflict (field: the file).
BackupReport check_backup(const std::string& backup);

/// Puts a checked backup into `folder`. Where that holds data, throws kInvalid (field `data`)
/// unless `replace`, which moves what is there into `folder`/replaced-<time> and removes nothing.
/// Throws kInvalid where another process works on the folder.
BackupReport restore(const std::string& backup, const std::string& folder, bool replace,
                     const base::Clock& clock);

/// `annals backup`, `annals backup --check` and `annals restore`: exit code 0, or 1 and why.
int backup_command(const std::string& folder, const std::string& target, const base::Clock& clock,
                   std::ostream& out, std::ostream& err);
int check_backup_command(const std::string& backup, std::ostream& out, std::ostream& err);
int restore_command(const std::string& backup, const std::string& folder, bool replace,
                    const base::Clock& clock, std::ostream& out, std::ostream& err);

struct MoveReport {
  std::int64_t businesses = 0;
  std::int64_t contacts = 0;
  std::int64_t leaves = 0;
  std::int64_t files = 0;
};

struct MoveOptions {
  std::function<void(const MoveReport&)> progress{};
};

/// Copies all businesses of `from` to `to`, which may be of another engine, each in one
/// transaction: ids, versions, sequences, leaves, records, salts, credentials and files are the
/// same there. Nobody may write to `from` meanwhile (a data folder is locked by who opened it).
/// Compares all leaves and records afterwards. Throws kInvalid (field `database`) where `to` has
/// one of them already, before anything is written.
MoveReport move_businesses(db::Database& from, db::Database& to, const MoveOptions& options);

/// How many rows the journal of a data folder has.
[[nodiscard]] std::int64_t journal_rows(db::Database& database);

struct MoveCommand {
  std::unique_ptr<db::Database> from;
  std::unique_ptr<db::Database> to;
  bool terminal = false;  // draw the progress over on `err`
};
/// `annals migrate-engine`: 0, or what is thrown.
int move_command(const MoveCommand& command, std::ostream& out, std::ostream& err);

}  // namespace annals::transfer
