// Signed checkpoints of the businesses' trees, and the files that guard them.
//
// Outside of the database, in a folder of mode 0700, stand of each business (all mode 0600):
//   <id>.key          the key that signs (PRIVATE+KEY+…, the form of Go's note package)
//   <id>.pub          the public halves of all keys so far, a line each
//   <id>.checkpoint   the last checkpoint that was signed
// Before anything is signed, the tree must be one that grew from that last checkpoint: a database
// that was rolled back or changed is refused, with a message that says how to go on.
#pragma once
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "db/business.h"
#include "db/db.h"
#include "tlog/checkpoint.h"
#include "tlog/note.h"
#include "tlog/tree.h"

namespace annals::ledger {

/// Which log: a business.
struct Log {
  db::BusinessKey business = db::kNoBusiness;
  base::Id id;
};

/// The log's name in its checkpoints, which is the key's name too: `annals/<id>`, and from the
/// second epoch on `annals/<id>/<epoch>`.
[[nodiscard]] std::string origin(const base::Id& business, std::int64_t epoch);
/// The epoch that an origin of this business names; nothing where it is of another log, or none.
[[nodiscard]] std::optional<std::int64_t> epoch_of(const std::string& text,
                                                   const base::Id& business);

struct SignedCheckpoint {
  std::int64_t epoch = 1;
  std::uint64_t size = 0;
  tlog::Hash root{};
  std::string note;
  base::Micros signed_at = 0;
};

/// The columns epoch, size, root, note, signed_at, in that order.
[[nodiscard]] SignedCheckpoint checkpoint_of(const db::Row& row);
/// Where a folder that gets each checkpoint has it: <business id>/<epoch>-<size><suffix>.
[[nodiscard]] std::string published_path(const std::string& folder, const base::Id& business,
                                         const SignedCheckpoint& checkpoint,
                                         const std::string& suffix);

struct Epoch {
  std::int64_t epoch = 1;
  std::string previous;  // the note that it commits to
  std::string reason;
  base::Micros began_at = 0;
};

// Of the transaction's business:
/// The last one, of the last epoch that has any.
[[nodiscard]] std::optional<SignedCheckpoint> last_checkpoint(db::Tx& tx);
/// Oldest first; without the first epoch, which nothing began.
[[nodiscard]] std::vector<Epoch> epochs(db::Tx& tx);
/// The keys that were ever used, oldest first, as tlog::VerifierKey::text().
[[nodiscard]] std::vector<std::string> verifiers(db::Tx& tx);

/// Enters a key that Signer::make_key() made for a business, in the transaction that makes it.
void enter_key(db::Tx& tx, db::BusinessKey business, const std::string& verifier);

/// One a process and database. Safe from any thread; not from inside of a transaction.
class Signer {
 public:
  /// `folder` is made where it is missing. `publish` is another folder, empty for none, that each
  /// checkpoint is also written to: <business id>/<epoch>-<size>.note.
  Signer(db::Database& database, std::string folder, std::string publish, const base::Clock& clock);

  /// `listener` is told of each new checkpoint once it is kept. It must be quick and throw nothing,
  /// and not use this. Set before anything is signed.
  void on_signed(std::function<void(const Log&, const SignedCheckpoint&)> listener) {
    listener_ = std::move(listener);
  }

  /// Makes the key of a business that is about to be, as files alone; gives its public half, for
  /// enter_key(). Throws kUnavailable or kStorageFull, and then nothing is left of it.
  [[nodiscard]] std::string make_key(const base::Id& business);
  /// Removes it again, where the business was not made after all.
  void remove_key(const base::Id& business);

  /// The last checkpoint where the tree has not grown since, else a new one. Throws kUnavailable
  /// that says why nothing is signed.
  [[nodiscard]] SignedCheckpoint sign(const Log& log);

  /// Goes on in a new epoch, whose first leaf commits to the last checkpoint that was kept: what a
  /// restored backup needs, or a lost key, in whose place a new one is made. Throws kConflict where
  /// neither is the case.
  SignedCheckpoint begin_epoch(const Log& log, const std::string& reason);

  /// Goes on with a new key, as a leaf says that the old one signs.
  SignedCheckpoint rotate_key(const Log& log);

 private:
  class FileLock;
  struct Kept;
  struct Tree;
  [[nodiscard]] std::string path(const Log& log, const char* suffix) const;
  [[nodiscard]] tlog::SigningKey key(const Log& log, std::int64_t epoch, bool may_make);
  [[nodiscard]] std::optional<Kept> kept(const Log& log) const;
  [[nodiscard]] Tree look(const Log& log, const std::optional<Kept>& kept);
  [[nodiscard]] SignedCheckpoint sign_now(const Log& log);
  void keep(const Log& log, const SignedCheckpoint& checkpoint) const;
  void use_key(const Log& log, const tlog::SigningKey& key);

  db::Database& database_;
  const std::string folder_;
  const std::string publish_;
  const base::Clock& clock_;
  std::function<void(const Log&, const SignedCheckpoint&)> listener_;
  std::mutex mutex_;
};

}  // namespace annals::ledger
