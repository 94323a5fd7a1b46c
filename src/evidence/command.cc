#include <algorithm>
#include <cstdint>
#include <ostream>
#include <string>

#include "base/error.h"
#include "base/files.h"
#include "db/db.h"
#include "evidence/evidence.h"
#include "evidence/verify.h"

namespace annals::evidence {
namespace {

constexpr int kIncomplete = 20;
constexpr int kUsage = 64;
constexpr std::int64_t kNoteBytesMax = 1 << 20;
constexpr std::int64_t kBarEvery = 20'000;

void print(std::ostream& out, const Fault& fault) {
  out << "fault: business " << fault.business;
  if (!fault.contact.empty()) {
    out << " contact " << fault.contact << " entry " << fault.entry << " version " << fault.version;
  }
  out << ": " << fault.what << "\n";
}

void sum_up(std::ostream& out, const VerifyReport& report) {
  out << report.leaves << " leaves of " << report.businesses << " businesses, " << report.files
      << " files; " << report.faults << " faults; " << report.anchors
      << " checkpoints from outside hold, " << report.diverged << " differ\n";
  if (report.stamps > 0) out << report.stamps << " time stamps hold\n";
  switch (report.exit_code()) {
    case 0:
      out << "Verified.\n";
      break;
    case 10:
      out << "Verified, but compared with no checkpoint from outside (--known-checkpoint FILE): a "
             "ledger that was rebuilt and signed again would look the same.\n";
      break;
    case 30:
      out << "Diverged: this is not the ledger that was signed.\n";
      break;
    default:
      out << "Invalid.\n";
  }
}

}  // namespace

int verify_command(db::Database& database, const VerifyCommand& command, std::ostream& out,
                   std::ostream& err) {
  VerifyOptions options{.businesses = command.businesses,
                        .known = {},
                        .keys = command.keys,
                        .keys_folder = command.keys_folder,
                        .authorities = {},
                        .settings = command.settings,
                        .state_file = command.state_file,
                        .threads = command.threads};
  try {
    for (const std::string& file : command.known_checkpoints) {
      options.known.push_back({.from = file, .note = base::read_file(file, kNoteBytesMax)});
    }
    if (!command.authorities.empty()) {
      options.authorities = base::read_file(command.authorities, kNoteBytesMax);
    }
  } catch (const base::Error& error) {
    err << "annals: " << error.message() << "\n";
    return kUsage;
  }
  options.fault = [&out](const Fault& fault) { print(out, fault); };
  std::int64_t shown = -kBarEvery;
  options.progress = [&](std::int64_t done, std::int64_t all) {
    if (!command.terminal || (done - shown < kBarEvery && done < all)) return;
    shown = done;
    const std::int64_t percent = 100 * done / std::max<std::int64_t>(all, 1);
    err << "\r" << percent << " % of " << all << " leaves" << std::flush;
  };
  try {
    const VerifyReport report = verify(database, options);
    if (command.terminal) err << "\n";
    sum_up(out, report);
    return report.exit_code();
  } catch (const base::Error& error) {
    if (error.code() == base::Code::kInvalid) {
      err << "annals: " << error.message() << "\n";
      return kUsage;
    }
    err << "annals: stopped on the way: " << error.message() << "\n";
    return kIncomplete;
  }
}

}  // namespace annals::evidence
