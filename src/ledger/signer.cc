#include "ledger/signer.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/files.h"
#include "base/id.h"
#include "base/json.h"
#include "base/random.h"
#include "db/db.h"
#include "ledger/ledger.h"
#include "ledger/tree.h"
#include "tlog/checkpoint.h"
#include "tlog/note.h"
#include "tlog/tile.h"
#include "tlog/tree.h"

namespace annals::ledger {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kFileBytesMax = 1 << 20;
constexpr const char* kKey = ".key";
constexpr const char* kNextKey = ".key.next";  // of a rotation that has not come through
constexpr const char* kPublic = ".pub";
constexpr const char* kLast = ".checkpoint";
constexpr const char* kLock = ".lock";

base::Error refused(const std::string& why) {
  return {base::Code::kUnavailable, "The ledger is not signed: " + why};
}

std::optional<std::string> read_maybe(const std::string& path) {
  try {
    return base::read_file(path, kFileBytesMax);
  } catch (const base::Error& error) {
    if (error.code() != base::Code::kNotFound) throw;
    return std::nullopt;
  }
}

std::string_view without_newline(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  return text;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

constexpr const char* kLastCheckpoint = R"(
  SELECT epoch, size, root, note, signed_at FROM checkpoints WHERE business = $1
  ORDER BY epoch DESC, size DESC LIMIT 1)";
constexpr const char* kKeepCheckpoint = R"(
  INSERT INTO checkpoints (business, epoch, size, root, note, signed_at)
  VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (business, epoch, size) DO NOTHING)";
constexpr const char* kEpochs = R"(
  SELECT epoch, previous, reason, began_at FROM ledger_epochs WHERE business = $1 ORDER BY epoch)";
constexpr const char* kBeginEpoch = R"(
  INSERT INTO ledger_epochs (business, epoch, previous, reason, began_at)
  VALUES ($1, $2, $3, $4, $5))";
constexpr const char* kKeys = R"(
  SELECT verifier FROM ledger_keys WHERE business = $1 ORDER BY made_at)";
constexpr const char* kKeepKey = R"(
  INSERT INTO ledger_keys (business, made_at, verifier)
  VALUES ($1, (SELECT max(m) FROM (SELECT CAST($2 AS BIGINT) AS m UNION ALL
                                   SELECT made_at + 1 FROM ledger_keys WHERE business = $1) AS k),
          $3))";

std::int64_t last_epoch(db::Tx& tx) {
  const std::vector<Epoch> all = epochs(tx);
  return all.empty() ? 1 : all.back().epoch;
}

}  // namespace

std::string origin(const base::Id& business, std::int64_t epoch) {
  return "annals/" + business.text() + (epoch > 1 ? "/" + std::to_string(epoch) : "");
}

std::optional<std::int64_t> epoch_of(const std::string& text, const base::Id& business) {
  const std::string first = origin(business, 1);
  if (text == first) return 1;
  if (!text.starts_with(first + "/")) return std::nullopt;
  std::int64_t epoch = 0;
  const char* begin = text.c_str() + first.size() + 1;
  std::from_chars(begin, text.c_str() + text.size(), epoch);
  return text == origin(business, epoch) ? std::optional(epoch) : std::nullopt;
}

SignedCheckpoint checkpoint_of(const db::Row& row) {
  SignedCheckpoint checkpoint{.epoch = row.integer(0),
                              .size = static_cast<std::uint64_t>(row.integer(1)),
                              .root = {},
                              .note = row.string(3),
                              .signed_at = row.integer(4)};
  const base::ByteSpan root = row.blob(2);
  if (root.size() == checkpoint.root.size()) {
    std::copy(root.begin(), root.end(), checkpoint.root.begin());
  }
  return checkpoint;
}

std::string published_path(const std::string& folder, const base::Id& business,
                           const SignedCheckpoint& checkpoint, const std::string& suffix) {
  return folder + "/" + business.text() + "/" + std::to_string(checkpoint.epoch) + "-" +
         std::to_string(checkpoint.size) + suffix;
}

std::optional<SignedCheckpoint> last_checkpoint(db::Tx& tx) {
  db::Rows rows = tx.query(kLastCheckpoint, {tx.business()});
  if (!rows.next()) return std::nullopt;
  return checkpoint_of(*rows);
}

std::vector<Epoch> epochs(db::Tx& tx) {
  std::vector<Epoch> all;
  db::Rows rows = tx.query(kEpochs, {tx.business()});
  while (rows.next()) {
    all.push_back({rows->integer(0), rows->string(1), rows->string(2), rows->integer(3)});
  }
  return all;
}

std::vector<std::string> verifiers(db::Tx& tx) {
  std::vector<std::string> all;
  db::Rows rows = tx.query(kKeys, {tx.business()});
  while (rows.next()) all.push_back(rows->string(0));
  return all;
}

// ------------------------------------------------------------------------------- what stands
// outside

// Held while something is done with a log's files: servers of one machine may share the folder.
class Signer::FileLock {
 public:
  explicit FileLock(const std::string& path)
      : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    if (fd_ < 0) throw refused(path + " cannot be written.");
    while (::flock(fd_, LOCK_EX) != 0 && errno == EINTR) continue;
  }
  ~FileLock() { ::close(fd_); }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int fd_;
};

// The last checkpoint, as it was kept.
struct Signer::Kept {
  std::int64_t epoch = 1;
  tlog::Checkpoint checkpoint;
  std::string note;
};

// What the database says.
struct Signer::Tree {
  std::int64_t epoch = 1;
  std::string previous;  // of that epoch
  std::uint64_t size = 0;
  tlog::Hash root{};
  std::optional<SignedCheckpoint> last;  // of that epoch
  std::string fault;                     // why it must not be signed; empty where it may be
};

Signer::Signer(db::Database& database, std::string folder, std::string publish,
               const base::Clock& clock)
    : database_(database), folder_(std::move(folder)), publish_(std::move(publish)), clock_(clock) {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) {
    throw base::invalid("keys", "not_writable", folder_ + " cannot be made: " + error.message());
  }
  ::chmod(folder_.c_str(), 0700);
}

std::string Signer::path(const Log& log, const char* suffix) const {
  return folder_ + "/" + log.id.text() + suffix;
}

std::optional<Signer::Kept> Signer::kept(const Log& log) const {
  const auto note = read_maybe(path(log, kLast));
  if (!note) return std::nullopt;
  const auto parsed = tlog::parse_signed_checkpoint(*note);
  const auto epoch =
      parsed ? epoch_of(parsed->checkpoint.origin, log.id) : std::optional<std::int64_t>();
  bool is_ours = false;
  for (const std::string& line : lines_of(read_maybe(path(log, kPublic)).value_or(""))) {
    const auto verifier = tlog::VerifierKey::parse(line);
    is_ours = is_ours || (parsed && verifier &&
                          tlog::is_signed_by(parsed->note, *verifier) == tlog::Signed::kYes);
  }
  if (!epoch || !is_ours) {
    throw refused("the last checkpoint, " + path(log, kLast) +
                  ", is not what was signed; put it back as it was.");
  }
  return Kept{.epoch = *epoch, .checkpoint = parsed->checkpoint, .note = *note};
}

void Signer::keep(const Log& log, const SignedCheckpoint& checkpoint) const {
  if (!publish_.empty()) {
    base::write_file(published_path(publish_, log.id, checkpoint, ".note"), checkpoint.note);
  }
  base::write_file(path(log, kLast), checkpoint.note);
}

// From now on: the public half first, so that nothing is signed that could not be checked.
void Signer::use_key(const Log& log, const tlog::SigningKey& key) {
  std::string all = read_maybe(path(log, kPublic)).value_or("");
  const std::vector<std::string> lines = lines_of(all);
  if (std::find(lines.begin(), lines.end(), key.verifier().text()) == lines.end()) {
    base::write_file(path(log, kPublic), all.append(key.verifier().text()).append("\n"));
  }
  base::write_file(path(log, kKey), key.text() + "\n");
}

// The key of this epoch: made where the log has none or may have another, renamed where the epoch
// is new.
tlog::SigningKey Signer::key(const Log& log, std::int64_t epoch, bool may_make) {
  const std::vector<std::string> known =
      database_.read_as_is(log.business, [](db::Tx& tx) { return verifiers(tx); });
  const auto stored = [&](const char* suffix) -> std::optional<tlog::SigningKey> {
    const auto text = read_maybe(path(log, suffix));
    return text ? tlog::SigningKey::parse(without_newline(*text)) : std::nullopt;
  };
  if (auto next = stored(kNextKey);
      next && !known.empty() && known.back() == next->verifier().text()) {
    use_key(log, *next);
    fs::remove(path(log, kNextKey));
  }
  auto key = stored(kKey);
  if (!key && !known.empty() && !may_make) {
    throw refused(
        "its key, " + path(log, kKey) +
        ", is missing or damaged; put it back from where you keep a copy (or from the server that "
        "made it), or, where it is lost, go on by `annals ledger new-epoch`.");
  }
  const std::string name = origin(log.id, epoch);
  if (!key) key = tlog::SigningKey::make(name, base::system_random());
  if (key->verifier().name != name) key = key->named(name);
  const std::string verifier = key->verifier().text();
  if (!known.empty() && known.back() == verifier) return std::move(*key);
  if (std::find(known.begin(), known.end(), verifier) != known.end()) {
    throw refused("its key, " + path(log, kKey) + ", is not the newest; put that one there.");
  }
  // On the disk before the database tells of it, and in its place only then.
  base::write_file(path(log, kNextKey), key->text() + "\n");
  const bool ours = database_.write(log.business, [&](db::Tx& tx) {
    if (verifiers(tx) != known) return false;
    tx.execute(kKeepKey, {log.business, tx.now(), verifier});
    return true;
  });
  if (!ours) {
    fs::remove(path(log, kNextKey));
    throw refused("another server made its key; put a copy of that one's files into " + folder_ +
                  ".");
  }
  use_key(log, *key);
  fs::remove(path(log, kNextKey));
  return std::move(*key);
}

std::string Signer::make_key(const base::Id& business) {
  const Log log{.business = db::kNoBusiness, .id = business};
  const auto key = tlog::SigningKey::make(origin(business, 1), base::system_random());
  try {
    use_key(log, key);
  } catch (const base::Error& error) {
    remove_key(business);
    const bool full = error.code() == base::Code::kStorageFull;
    throw base::Error(full ? error.code() : base::Code::kUnavailable,
                      "Nothing was made, since the key that signs the business's ledger cannot be "
                      "written: " +
                          error.message());
  }
  return key.verifier().text();
}

void Signer::remove_key(const base::Id& business) {
  const Log log{.business = db::kNoBusiness, .id = business};
  std::error_code ignored;
  for (const char* suffix : {kKey, kPublic}) {
    fs::remove(path(log, suffix), ignored);
    fs::remove(path(log, suffix) + ".part", ignored);
  }
}

void enter_key(db::Tx& tx, db::BusinessKey business, const std::string& verifier) {
  tx.execute(kKeepKey, {business, tx.now(), verifier});
}

// --------------------------------------------------------------------------------------- signing

namespace {

std::string leaves(std::uint64_t n) { return std::to_string(n) + (n == 1 ? " leaf" : " leaves"); }

constexpr const char* kHowToGoOn =
    " If a backup was restored on purpose, go on by `annals ledger new-epoch`.";

// Why the tree did not grow from this checkpoint; empty where it did.
std::string compare(tlog::TileTree& tree, std::uint64_t size, const tlog::Hash& root,
                    const std::string& which) {
  if (tree.size() < size) {
    return "the database holds " + leaves(tree.size()) + ", and " + which + " was of " +
           leaves(size) + ": it is older than what was signed." + kHowToGoOn;
  }
  if (tree.root(size) != root) {
    return "the first " + leaves(size) + " are not those of " + which +
           ": the database was changed; `annals verify` names what differs." + kHowToGoOn;
  }
  return "";
}

}  // namespace

Signer::Tree Signer::look(const Log& log, const std::optional<Kept>& kept) {
  return database_.read(log.business, [&](db::Tx& tx) {
    Tree found;
    for (const Epoch& epoch : epochs(tx)) {
      found.epoch = epoch.epoch;
      found.previous = epoch.previous;
    }
    found.size = tree_size(tx);
    tlog::TileTree grown = tree(tx, found.size);
    found.root = grown.root(found.size);
    found.last = last_checkpoint(tx);
    if (found.last && found.last->epoch != found.epoch) found.last.reset();
    if (kept && kept->epoch > found.epoch) {
      found.fault = "the database is in epoch " + std::to_string(found.epoch) + ", and epoch " +
                    std::to_string(kept->epoch) + " was signed already." + kHowToGoOn;
    } else if (kept && kept->epoch == found.epoch) {
      found.fault =
          compare(grown, kept->checkpoint.size, kept->checkpoint.root, "the last checkpoint");
    } else if (kept && kept->note != found.previous) {
      const auto previous = tlog::parse_signed_checkpoint(found.previous);
      if (!previous || previous->checkpoint.size < kept->checkpoint.size) {
        found.fault = "a new epoch was begun that does not commit to " + path(log, kLast) + ".";
      }
    }
    if (found.fault.empty() && found.last) {
      found.fault = compare(grown, found.last->size, found.last->root,
                            "the last checkpoint that the database has");
    }
    return found;
  });
}

SignedCheckpoint Signer::sign_now(const Log& log) {
  const std::optional<Kept> outside = kept(log);
  const Tree found = look(log, outside);
  if (!found.fault.empty()) throw refused(found.fault);
  const tlog::SigningKey key_now = key(log, found.epoch, false);
  if (found.last && found.last->size == found.size && outside &&
      outside->note == found.last->note) {
    const auto note = tlog::parse_note(found.last->note);
    if (note && tlog::is_signed_by(*note, key_now.verifier()) == tlog::Signed::kYes) {
      return *found.last;
    }
  }
  const std::string text = tlog::format_checkpoint({.origin = origin(log.id, found.epoch),
                                                    .size = found.size,
                                                    .root = found.root,
                                                    .extensions = {}});
  SignedCheckpoint made{
      .epoch = found.epoch,
      .size = found.size,
      .root = found.root,
      .note = tlog::format_note({.text = text, .signatures = {key_now.sign(text)}}),
      .signed_at = clock_.now()};
  keep(log, made);
  database_.write(log.business, [&](db::Tx& tx) {
    tx.execute(kKeepCheckpoint, {log.business, made.epoch, made.size, base::ByteSpan(made.root),
                                 made.note, made.signed_at});
  });
  if (listener_) listener_(log, made);
  return made;
}

SignedCheckpoint Signer::sign(const Log& log) {
  const std::lock_guard lock(mutex_);
  const FileLock files(path(log, kLock));
  return sign_now(log);
}

SignedCheckpoint Signer::begin_epoch(const Log& log, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  const FileLock files(path(log, kLock));
  const std::optional<Kept> outside = kept(log);
  const Tree found = look(log, outside);
  const auto old_key = read_maybe(path(log, kKey));
  const bool has_key = old_key && tlog::SigningKey::parse(without_newline(*old_key));
  const bool has_any =
      database_.read_as_is(log.business, [](db::Tx& tx) { return !verifiers(tx).empty(); });
  if (found.fault.empty() && (has_key || !has_any)) {
    throw base::conflict("epoch", "in_order",
                         "The database agrees with the last checkpoint, and the key is there: no "
                         "new epoch is needed.");
  }
  const std::int64_t epoch = std::max(found.epoch, outside ? outside->epoch : 1) + 1;
  const std::string previous = outside      ? outside->note
                               : found.last ? found.last->note
                                            : std::string();
  base::Json facts = base::Json::object();
  facts.set("anchor", base::Json::string("epoch"));
  facts.set("epoch", base::Json::number(epoch));
  facts.set("previous", base::Json::string(previous));
  facts.set("reason", base::Json::string(reason));
  facts.set("key_lost", base::Json::boolean(!has_key));
  database_.write(log.business, [&](db::Tx& tx) {
    append_own(tx, log.id, Kind::kAnchor, facts);
    tx.execute(kBeginEpoch, {log.business, epoch, previous, reason, tx.now()});
  });
  static_cast<void>(key(log, epoch, true));
  return sign_now(log);
}

SignedCheckpoint Signer::rotate_key(const Log& log) {
  const std::lock_guard lock(mutex_);
  const FileLock files(path(log, kLock));
  static_cast<void>(sign_now(log));  // by the old one, the last time
  const std::int64_t epoch =
      database_.read_as_is(log.business, [](db::Tx& tx) { return last_epoch(tx); });
  const tlog::SigningKey old = key(log, epoch, false);
  const auto next = tlog::SigningKey::make(origin(log.id, epoch), base::system_random());
  base::write_file(path(log, kNextKey), next.text() + "\n");
  const std::string verifier = next.verifier().text();
  base::Json facts = base::Json::object();
  facts.set("anchor", base::Json::string("key"));
  facts.set("old_key", base::Json::string(old.verifier().text()));
  facts.set("new_key", base::Json::string(verifier));
  const std::string statement = verifier + "\n";
  facts.set("statement", base::Json::string(tlog::format_note(
                             {.text = statement, .signatures = {old.sign(statement)}})));
  database_.write(log.business, [&](db::Tx& tx) {
    append_own(tx, log.id, Kind::kAnchor, facts);
    tx.execute(kKeepKey, {log.business, tx.now(), verifier});
  });
  return sign_now(log);
}

}  // namespace annals::ledger
