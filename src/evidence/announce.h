// What is done after a checkpoint, outside of whoever asked for it: an authority stamps it (RFC
// 3161), and a webhook is told of it. Neither can delay or fail a signature.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "access/access.h"
#include "base/clock.h"
#include "db/db.h"
#include "ledger/signer.h"

namespace annals::evidence {

struct AnnounceOptions {
  std::string timestamp_authority;  // its address, http or https; empty: checkpoints get no stamps
  std::string webhook;              // likewise; empty: nobody is told
  std::string checkpoints;          // a folder that gets the stamps too; empty: none does
};

/// Safe from any thread.
class Announcer {
 public:
  /// Throws kInvalid that names the option whose address is none. `database` must outlive it.
  Announcer(db::Database& database, const AnnounceOptions& options);
  ~Announcer();  // stop()
  Announcer(const Announcer&) = delete;
  Announcer& operator=(const Announcer&) = delete;

  /// Of a new checkpoint; returns at once.
  void announce(const ledger::Log& log, const ledger::SignedCheckpoint& checkpoint);
  /// Has the last checkpoint of each business stamped that has no stamp: the server may have ended
  /// before it came, or the authority may have been away for long.
  void catch_up(const std::vector<access::Business>& businesses);
  /// Gives up what waits. Idempotent.
  void stop();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace annals::evidence
