#include "ledger/stamps.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"
#include "base/hash.h"
#include "db/db.h"
#include "ledger/signer.h"
#include "tlog/stamp.h"

namespace annals::ledger {
namespace {

constexpr const char* kKeepStamp = R"(
  INSERT INTO checkpoint_stamps (business, epoch, size, stamp, stamped_at)
  VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (business, epoch, size) DO UPDATE SET stamp = excluded.stamp,
    stamped_at = excluded.stamped_at)";
constexpr const char* kStampOf = R"(
  SELECT stamp FROM checkpoint_stamps WHERE business = $1 AND epoch = $2 AND size = $3)";
constexpr const char* kStampedSizes = R"(
  SELECT size FROM checkpoint_stamps WHERE business = $1 AND epoch = $2
  ORDER BY size DESC LIMIT $3)";
constexpr const char* kOneCheckpoint = R"(
  SELECT epoch, size, root, note, signed_at FROM checkpoints
  WHERE business = $1 AND epoch = $2 AND size = $3)";
constexpr const char* kLastStamped = R"(
  SELECT c.epoch, c.size, c.root, c.note, c.signed_at
  FROM checkpoint_stamps s
  JOIN checkpoints c ON c.business = s.business AND c.epoch = s.epoch AND c.size = s.size
  WHERE s.business = $1 ORDER BY s.epoch DESC, s.size DESC LIMIT 1)";

}  // namespace

void keep_stamp(db::Tx& tx, const SignedCheckpoint& checkpoint, base::ByteSpan response) {
  const auto stamp = tlog::read_stamp(response);
  CHECK(stamp);
  tx.execute(kKeepStamp, {tx.business(), checkpoint.epoch, checkpoint.size, response, stamp->time});
}

std::optional<CheckpointStamp> stamp_of(db::Tx& tx, const SignedCheckpoint& checkpoint) {
  db::Rows rows = tx.query(kStampOf, {tx.business(), checkpoint.epoch, checkpoint.size});
  if (!rows.next()) return std::nullopt;
  const base::ByteSpan response = rows->blob(0);
  const auto stamp = tlog::read_stamp(response);
  if (!stamp || stamp->imprint != base::sha256({base::as_bytes(checkpoint.note)})) {
    return std::nullopt;
  }
  return CheckpointStamp{.response = {response.begin(), response.end()}, .time = stamp->time};
}

std::vector<std::uint64_t> stamped_sizes(db::Tx& tx, std::int64_t epoch, std::int64_t count_max) {
  std::vector<std::uint64_t> sizes;
  db::Rows rows = tx.query(kStampedSizes, {tx.business(), epoch, count_max});
  while (rows.next()) sizes.push_back(static_cast<std::uint64_t>(rows->integer(0)));
  std::reverse(sizes.begin(), sizes.end());
  return sizes;
}

std::optional<std::pair<SignedCheckpoint, CheckpointStamp>> find_stamped(db::Tx& tx,
                                                                         std::int64_t epoch,
                                                                         std::uint64_t size) {
  std::optional<SignedCheckpoint> checkpoint;
  {
    db::Rows rows = tx.query(kOneCheckpoint, {tx.business(), epoch, size});
    if (rows.next()) checkpoint = checkpoint_of(*rows);
  }
  if (!checkpoint) return std::nullopt;
  auto stamp = stamp_of(tx, *checkpoint);
  if (!stamp) return std::nullopt;
  return std::pair(std::move(*checkpoint), std::move(*stamp));
}

std::optional<SignedCheckpoint> last_stamped(db::Tx& tx) {
  db::Rows rows = tx.query(kLastStamped, {tx.business()});
  if (!rows.next()) return std::nullopt;
  return checkpoint_of(*rows);
}

}  // namespace annals::ledger
