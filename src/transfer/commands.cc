// What the commands import, backup and restore say on the terminal, and how they end.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <iomanip>
#include <memory>
#include <ostream>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "transfer/snapshot.h"
#include "transfer/transfer.h"

namespace annals::transfer {
namespace {

namespace fs = std::filesystem;

constexpr int kAllIn = 0;
constexpr int kSomeRejected = 1;
constexpr int kNothingDone = 2;
constexpr int kStopped = 3;

constexpr std::int64_t kBarCells = 24;
constexpr base::Micros kRedrawMicros = base::kMicrosPerSecond / 5;
constexpr std::int64_t kPlainLinesPercent = 10;
constexpr base::Micros kPlainMicros = 5 * base::kMicrosPerSecond;

// 1234567 → 1,234,567
std::string grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  const std::size_t sign = number < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > sign + 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string counted(std::int64_t number, const std::string& one, const std::string& many) {
  return grouped(number) + " " + (number == 1 ? one : many);
}

std::string clock_time(std::int64_t seconds) {
  std::ostringstream out;
  out << std::setfill('0') << std::setw(2) << seconds / 60 << ':' << std::setw(2) << seconds % 60;
  return out.str();
}

// Says how far an import is: a bar that is drawn over, or a line now and then.
class Meter {
 public:
  Meter(std::ostream& out, bool terminal, const base::Clock& clock)
      : out_(out), terminal_(terminal), clock_(clock), began_(clock.steady()) {}

  void show(const ImportProgress& progress) {
    const std::int64_t percent =
        progress.bytes_total > 0 ? progress.bytes_read * 100 / progress.bytes_total : 0;
    const base::Micros now = clock_.steady();
    if (terminal_ ? now - shown_ < kRedrawMicros : percent < shown_percent_ + kPlainLinesPercent) {
      return;
    }
    shown_ = now;
    shown_percent_ = percent / kPlainLinesPercent * kPlainLinesPercent;
    const std::int64_t spent = std::max<base::Micros>(now - began_, 1);
    const std::int64_t rate = progress.counts.rows * base::kMicrosPerSecond / spent;
    std::ostringstream line;
    if (terminal_) line << "\r[" << bar(percent) << "] ";
    line << std::setw(3) << percent << " %  " << counted(progress.counts.rows, "row", "rows")
         << "  " << grouped(rate) << " rows/s";
    if (percent > 0) {
      const std::int64_t left = spent * (100 - percent) / percent / base::kMicrosPerSecond;
      line << "  " << clock_time(left) << " left";
    }
    if (progress.counts.rejected > 0)
      line << "  " << grouped(progress.counts.rejected) << " rejected";
    out_ << line.str() << (terminal_ ? "\033[K" : "\n") << std::flush;
  }

  void clear() {
    if (terminal_) out_ << "\r\033[K" << std::flush;
  }

  [[nodiscard]] base::Micros spent() const { return clock_.steady() - began_; }

 private:
  static std::string bar(std::int64_t percent) {
    const auto filled =
        static_cast<std::size_t>(kBarCells * std::min<std::int64_t>(percent, 100) / 100);
    return std::string(filled, '#') +
           std::string(static_cast<std::size_t>(kBarCells) - filled, '.');
  }

  std::ostream& out_;
  bool terminal_;
  const base::Clock& clock_;
  base::Micros began_;
  base::Micros shown_ = 0;
  std::int64_t shown_percent_ = -kPlainLinesPercent;
};

void list(std::ostream& out, const char* title, std::int64_t total,
          const std::vector<ImportFinding>& findings, const std::string& file) {
  if (total == 0) return;
  out << title << " (all in " << file << "):\n";
  for (const ImportFinding& finding : findings) {
    out << "  line " << finding.line << ": " << finding.reason << "\n";
  }
  if (total > static_cast<std::int64_t>(findings.size())) {
    out << "  and " << grouped(total - static_cast<std::int64_t>(findings.size())) << " more\n";
  }
}

void summarise(std::ostream& out, const ImportReport& report, base::Micros spent, bool dry_run) {
  const ImportCounts& counts = report.counts;
  list(out, "Rejected", counts.rejected, report.rejected, report.rejected_file);
  list(out, "Warnings", counts.warned, report.warnings, report.warnings_file);
  const std::int64_t millis = std::max<std::int64_t>(spent / 1000, 1);
  out << (dry_run ? "Dry run; this would be the outcome:\n" : "")  //
      << "rows      " << grouped(counts.rows) << " read, " << grouped(counts.rejected)
      << " rejected, " << grouped(counts.skipped) << " skipped, " << grouped(counts.warned)
      << " with a warning\n"
      << "contacts  " << grouped(counts.contacts_created) << " created, "
      << grouped(counts.contacts_found) << " found\n"
      << "entries   " << grouped(counts.entries_created) << " created, "
      << grouped(counts.entries_duplicate) << " there before\n"
      << "time      " << millis / 1000 << "." << millis % 1000 / 100 << " s, "
      << grouped(counts.rows * 1000 / millis) << " rows/s\n";
}

// A copy of the data to try an import on.
class Scratch {
 public:
  explicit Scratch(const std::string& folder) : path_((fs::path(folder) / "dry-run").string()) {
    const fs::path database = fs::path(folder) / "annals.db";
    if (!fs::exists(database)) {
      throw base::invalid("data", "no_data",
                          "A dry run works on a copy of a data folder; name one with --data.");
    }
    fs::remove_all(path_);  // of a dry run that was killed
    fs::create_directory(path_);
    // The derived file first: it may be behind the other, never ahead of it.
    for (const char* name : {"derived.db", "annals.db"}) {
      const fs::path from = fs::path(folder) / name;
      if (fs::exists(from)) copy_database(from.string(), (fs::path(path_) / name).string());
    }
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

int complain(std::ostream& err, const std::exception& error, int code) {
  err << "annals: " << error.what() << "\n";
  return code;
}

std::string amount_of(const BackupReport& report) {
  return counted(report.businesses, "business", "businesses") + ", " +
         counted(report.contacts, "contact", "contacts") + ", " +
         counted(report.leaves, "entry with its versions", "entries with their versions") + ", " +
         counted(report.files, "attached file", "attached files") + ", " + grouped(report.bytes) +
         " bytes";
}

}  // namespace

int import_command(const ImportCommand& command, std::ostream& out, std::ostream& err) {
  ImportCounts counts;
  Meter meter(err, command.terminal, *command.clock);
  try {
    std::unique_ptr<Scratch> scratch;
    if (command.dry_run) scratch = std::make_unique<Scratch>(command.folder);
    const auto database = command.open(scratch ? scratch->path() : command.folder);
    ImportOptions options = command.options;
    options.progress = [&](const ImportProgress& progress) {
      counts = progress.counts;
      meter.show(progress);
      if (command.options.progress) command.options.progress(progress);
    };
    const ImportReport report = import_csv(*database, command.actor(*database), options);
    meter.clear();
    summarise(out, report, meter.spent(), command.dry_run);
    return report.counts.rejected > 0 ? kSomeRejected : kAllIn;
  } catch (const std::exception& error) {
    meter.clear();
    const bool stored =
        !command.dry_run && (counts.contacts_created > 0 || counts.entries_created > 0);
    if (!stored) return complain(err, error, kNothingDone);
    err << "annals: stopped after " << counted(counts.rows, "row", "rows") << " ("
        << counted(counts.entries_created, "entry", "entries")
        << " stored, which stay; run the same command again to complete the import)\n";
    return complain(err, error, kStopped);
  }
}

int backup_command(const std::string& folder, const std::string& target, const base::Clock& clock,
                   std::ostream& out, std::ostream& err) {
  try {
    const BackupReport report = back_up(folder, target, clock);
    out << "Backed up and checked: " << amount_of(report) << ", in " << target << "\n";
    return 0;
  } catch (const std::exception& error) {
    return complain(err, error, 1);
  }
}

int check_backup_command(const std::string& backup, std::ostream& out, std::ostream& err) {
  try {
    out << "The backup is whole: " << amount_of(check_backup(backup)) << "\n";
    return 0;
  } catch (const std::exception& error) {
    return complain(err, error, 1);
  }
}

int restore_command(const std::string& backup, const std::string& folder, bool replace,
                    const base::Clock& clock, std::ostream& out, std::ostream& err) {
  try {
    const BackupReport report = restore(backup, folder, replace, clock);
    out << "Restored and checked: " << amount_of(report) << ", in " << folder << "\n";
    return 0;
  } catch (const std::exception& error) {
    return complain(err, error, 1);
  }
}

int move_command(const MoveCommand& command, std::ostream& out, std::ostream& err) {
  const base::Clock& clock = base::system_clock();
  const base::Micros began = clock.steady();
  const std::int64_t all = journal_rows(*command.from);
  base::Micros shown = began;
  MoveOptions options;
  options.progress = [&](const MoveReport& report) {
    const base::Micros now = clock.steady();
    if (now - shown < (command.terminal ? kRedrawMicros : kPlainMicros)) return;
    shown = now;
    err << (command.terminal ? "\r" : "") << std::setw(3)
        << report.leaves * 100 / std::max<std::int64_t>(all, 1) << " %  "
        << counted(report.leaves, "row", "rows") << (command.terminal ? "\033[K" : "\n")
        << std::flush;
  };
  const MoveReport report = move_businesses(*command.from, *command.to, options);
  if (command.terminal) err << "\r\033[K" << std::flush;
  out << "Copied and compared: " << counted(report.businesses, "business", "businesses") << ", "
      << counted(report.contacts, "contact", "contacts") << ", "
      << counted(report.leaves, "entry with its versions", "entries with their versions") << ", "
      << counted(report.files, "attached file", "attached files") << ", in "
      << (clock.steady() - began) / base::kMicrosPerSecond << " s\n";
  return 0;
}

}  // namespace annals::transfer
