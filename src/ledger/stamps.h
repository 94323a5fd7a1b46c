// The time stamps of checkpoints (tlog/stamp.h), kept in the database beside them. Whoever asks for
// them in a transaction gets those of its business.
#pragma once
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/encoding.h"
#include "db/db.h"
#include "ledger/signer.h"

namespace annals::ledger {

struct CheckpointStamp {
  base::Bytes response;   // the TimeStampResp, as the authority answered
  base::Micros time = 0;  // that it tells
};

/// `response` must be a stamp of the checkpoint's note.
void keep_stamp(db::Tx& tx, const SignedCheckpoint& checkpoint, base::ByteSpan response);

/// Nothing where it has none, or what is kept is no stamp of this note.
[[nodiscard]] std::optional<CheckpointStamp> stamp_of(db::Tx& tx,
                                                      const SignedCheckpoint& checkpoint);

/// The sizes of an epoch's checkpoints that have a stamp, rising; of more than `count_max` the last
/// ones.
[[nodiscard]] std::vector<std::uint64_t> stamped_sizes(db::Tx& tx, std::int64_t epoch,
                                                       std::int64_t count_max);
/// One of them with its stamp.
[[nodiscard]] std::optional<std::pair<SignedCheckpoint, CheckpointStamp>> find_stamped(
    db::Tx& tx, std::int64_t epoch, std::uint64_t size);

/// The last checkpoint that has a stamp.
[[nodiscard]] std::optional<SignedCheckpoint> last_stamped(db::Tx& tx);

}  // namespace annals::ledger
