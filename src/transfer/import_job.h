// An import that a server was asked for: what it is, how far it came, and the folder that holds it,
// so that it is still there after a restart.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "access/actor.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "transfer/import_look.h"
#include "transfer/transfer.h"

namespace annals::transfer {

enum class ImportStatus { kReady, kWaiting, kRunning, kDone, kFailed, kCanceled, kInterrupted };

/// Guarded by whoever keeps the jobs.
struct ImportJob {
  base::Id id;
  access::Actor actor;  // who uploaded it, and whose it is
  std::string folder;   // of this job alone
  std::string name;     // of the file, as it was uploaded
  std::int64_t size = 0;
  std::string sha256{};
  FileLook look{};
  ImportFields guess{};
  base::Micros created_at = 0;
  base::Micros touched_at = 0;  // from when it is kept for a while
  bool has_file = true;

  ImportStatus status = ImportStatus::kReady;
  bool cancel = false;   // asked for, while it runs
  base::Json fields{};   // of the last run; null where a mapping was given
  base::Json mapping{};  // of the last run; null before one
  bool dry_run = false;  // what the last run was
  ImportReport report{};
  std::int64_t bytes_read = 0;
  base::Micros finished_at = 0;  // 0: it was never run to an end
  std::string error{};

  [[nodiscard]] bool is_busy() const {
    return status == ImportStatus::kWaiting || status == ImportStatus::kRunning;
  }
  [[nodiscard]] std::string file() const { return folder + "/file"; }
};

[[nodiscard]] std::string_view name_of(ImportStatus status);

/// As GET /imports/{id} shows it; `brief` as /stream tells of it.
[[nodiscard]] std::string import_json(const ImportJob& job, bool brief);

/// Writes the job down in its folder, so that read_import() finds it. Throws kStorageFull.
void keep_import(const ImportJob& job);
/// What is kept in `folder`; nothing where that is no job. One that was at work is interrupted.
[[nodiscard]] std::optional<ImportJob> read_import(const std::string& folder);

}  // namespace annals::transfer
