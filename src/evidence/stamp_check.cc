#include "evidence/stamp_check.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/time.h"
#include "db/db.h"
#include "ledger/signer.h"
#include "ledger/stamps.h"
#include "tlog/stamp.h"

namespace annals::evidence {
namespace {

constexpr std::int64_t kStampsMax = 1'000'000;
// How far the clocks of server and authority may be apart.
constexpr base::Micros kTolerance = 10 * 60 * base::kMicrosPerSecond;

}  // namespace

void StampCheck::read(db::Database& database, db::BusinessKey business, std::int64_t epoch,
                      const std::string& authorities,
                      const std::function<void(const std::string&)>& fault) {
  const auto sizes = database.read_as_is(
      business, [&](db::Tx& tx) { return ledger::stamped_sizes(tx, epoch, kStampsMax); });
  for (const std::uint64_t size : sizes) {
    const auto found = database.read_as_is(
        business, [&](db::Tx& tx) { return ledger::find_stamped(tx, epoch, size); });
    const std::string which =
        "the time stamp of the checkpoint of " + std::to_string(size) + " leaves";
    if (!found) {
      fault(which + " is none, or is of another checkpoint");
      continue;
    }
    const auto& [checkpoint, stamp] = *found;
    if (!authorities.empty()) {
      const std::string why = tlog::untrusted(stamp.response, checkpoint.note, authorities);
      if (!why.empty()) {
        fault(which + ": the authorities that were given did not sign it: " + why);
        continue;
      }
    }
    stamps_.push_back({.size = static_cast<std::int64_t>(size),
                       .time = stamp.time,
                       .signed_at = checkpoint.signed_at,
                       .latest = stamp.time});
  }
  for (std::size_t i = stamps_.size(); i > 1; --i) {
    stamps_[i - 2].latest = std::min(stamps_[i - 2].latest, stamps_[i - 1].latest);
  }
}

std::string StampCheck::fault_of(std::int64_t leaf_index, base::Micros recorded_at) {
  for (; next_ < stamps_.size() && stamps_[next_].size <= leaf_index; ++next_) {
    const Stamp& passed = stamps_[next_];
    earliest_ = std::max(earliest_, std::min(passed.time, passed.signed_at));
  }
  if (earliest_ > 0 && recorded_at < earliest_ - kTolerance) {
    return "recorded_at: is before " + base::format_rfc3339(earliest_) +
           ", when a checkpoint without this leaf was stamped";
  }
  if (next_ < stamps_.size() && recorded_at > stamps_[next_].latest + kTolerance) {
    return "recorded_at: is after " + base::format_rfc3339(stamps_[next_].latest) +
           ", when a checkpoint with this leaf was stamped";
  }
  return {};
}

}  // namespace annals::evidence
