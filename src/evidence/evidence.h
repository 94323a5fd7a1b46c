// What proves the history: checkpoints, tiles and proofs by the API, and `annals verify`.
#pragma once
#include <iosfwd>
#include <string>
#include <vector>

#include "access/access.h"
#include "access/route.h"
#include "db/db.h"
#include "ledger/signer.h"

namespace annals::evidence {

/// /ledger/… . `signer` must outlive the routes.
[[nodiscard]] access::Routes routes(ledger::Signer& signer);

struct VerifyCommand {
  std::vector<access::Business> businesses;
  std::vector<std::string> known_checkpoints;  // files
  std::vector<std::string> keys;               // verifier keys that the auditor was given
  std::string keys_folder;
  std::string state_file;
  int threads = 0;        // 0: one a core
  bool terminal = false;  // draw a bar on `err`
};

/// `annals verify`: names each fault in a line of `out`, then says what was found. Exit codes: 0
/// verified, 10 verified but compared with no checkpoint from outside, 20 stopped on the way, 30
/// diverged from a known checkpoint, 40 invalid, 64 usage.
int verify_command(db::Database& database, const VerifyCommand& command, std::ostream& out,
                   std::ostream& err);

}  // namespace annals::evidence
