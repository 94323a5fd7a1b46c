// What proves the history: checkpoints, tiles and proofs by the API, and `annals verify`.
#pragma once
#include "access/route.h"
#include "ledger/signer.h"

namespace annals::evidence {

/// /ledger/… . `signer` must outlive the routes.
[[nodiscard]] access::Routes routes(ledger::Signer& signer);

}  // namespace annals::evidence
