// Makes an evidence bundle (bundle/format.h) of what a reader may see. Private to evidence/.
#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "access/actor.h"
#include "base/clock.h"
#include "bundle/format.h"
#include "db/db.h"
#include "entries/select.h"
#include "evidence/evidence.h"
#include "ledger/signer.h"

namespace annals::evidence {

struct BundleOrder {
  access::Actor actor;  // what it may see, the bundle shows
  std::string business_name;
  entries::SelectQuery query;
  bool all_leaves = false;
};

struct BundleMade {
  bundle::Manifest manifest;       // without its files
  std::int64_t files_missing = 0;  // attachments whose bytes are not there
};

/// Called now and then. What it throws ends the work and comes out.
using BundleProgress = std::function<void(std::int64_t done, std::int64_t all)>;

/// Writes the bundle to `path`. Throws what can be wrong with the order, kUnavailable where nothing
/// is signed, kStorageFull, kTooLarge; then nothing is left of it.
[[nodiscard]] BundleMade make_bundle(db::Database& database, ledger::Signer& signer,
                                     const Neighbours& neighbours, const BundleOrder& order,
                                     const base::Clock& clock, const std::string& path,
                                     const BundleProgress& progress);

}  // namespace annals::evidence
