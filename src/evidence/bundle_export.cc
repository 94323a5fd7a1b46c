#include "evidence/bundle_export.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "access/actor.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/json.h"
#include "base/time.h"
#include "bundle/format.h"
#include "bundle/writer.h"
#include "db/db.h"
#include "entries/select.h"
#include "evidence/evidence.h"
#include "http/message.h"
#include "ledger/signer.h"
#include "ledger/stamps.h"
#include "ledger/tree.h"
#include "tlog/checkpoint.h"
#include "tlog/leaf.h"
#include "tlog/tile.h"
#include "tlog/tree.h"

namespace annals::evidence {
namespace {

constexpr std::size_t kRowsAtOnce = 500;  // of one read transaction, which has five seconds
constexpr std::size_t kRowBytesAtOnce = std::size_t{16} << 20;
constexpr std::int64_t kLeavesAtOnce = 20'000;
constexpr std::size_t kTilesKeptMax = 4'096;  // of 8 KiB
constexpr std::int64_t kEarlierMax = 1'000;   // last checkpoints, with a proof each
constexpr std::int64_t kStampedSizesMax = 100'000;
static_assert(kEarlierMax + bundle::kStampsMax <= bundle::kConsistencyMax);

/// A file that a record names, and where its bytes are.
struct NamedFile {
  base::Id id;
  std::string name;
  std::optional<base::Digest> sha256;
};

struct ReadRow {
  base::Id contact;
  std::int64_t contact_seq = 0;
  bundle::Row row;
  std::vector<NamedFile> files;
};

constexpr const char* kRow = R"(
  SELECT contact, contact_seq, leaf_index, leaf, record, salt FROM journal
  WHERE business = $1 AND pos = $2)";
constexpr const char* kFile = "SELECT sha256 FROM attachments WHERE business = $1 AND id = $2";

std::vector<NamedFile> files_of(db::Tx& tx, std::string_view text) {
  std::vector<NamedFile> files;
  const base::Json record = base::parse_json(text, bundle::kRecordBytesMax);
  const base::Json* named = record.find("attachments");
  if (named == nullptr) return files;
  for (const base::Json& item : named->items()) {
    const base::Json* id = item.find("id");
    const base::Json* name = item.find("name");
    CHECK(id != nullptr && name != nullptr);
    NamedFile file{.id = base::parse_id(id->text()).value_or(base::Id{}),
                   .name = name->text(),
                   .sha256 = std::nullopt};
    db::Rows rows = tx.query(kFile, {tx.business(), file.id});
    if (rows.next() && rows->blob(0).size() == sizeof(base::Digest)) {
      const base::ByteSpan found = rows->blob(0);
      std::copy(found.begin(), found.end(), file.sha256.emplace().begin());
    }
    files.push_back(std::move(file));
  }
  return files;
}

// A row of the journal, with its content where it is to be shown and is there.
ReadRow read_row(db::Tx& tx, std::int64_t pos, bool shown) {
  ReadRow read;
  {
    db::Rows rows = tx.query(kRow, {tx.business(), pos});
    CHECK(rows.next());
    read.contact = rows->id(0);
    read.contact_seq = rows->integer(1);
    read.row.index = static_cast<std::uint64_t>(rows->integer(2));
    const base::ByteSpan leaf = rows->blob(3);
    read.row.leaf.assign(leaf.begin(), leaf.end());
    const bool erased = rows->text(4).empty();
    read.row.state = erased  ? bundle::State::kErased
                     : shown ? bundle::State::kShown
                             : bundle::State::kWithheld;
    if (read.row.state != bundle::State::kShown) return read;
    read.row.record = rows->string(4);
    for (base::ByteSpan salts = rows->blob(5); salts.size() >= tlog::kSaltBytes;) {
      const base::ByteSpan salt = salts.first(tlog::kSaltBytes);
      read.row.salts.emplace_back(salt.begin(), salt.end());
      salts = salts.subspan(tlog::kSaltBytes);
    }
  }
  read.files = files_of(tx, read.row.record);
  return read;
}

/// Proofs in the tree as it stood, over many transactions: its tiles never change.
class Prover {
 public:
  explicit Prover(std::uint64_t size) : size_(size) {}

  std::vector<tlog::Hash> inclusion(db::Tx& tx, std::uint64_t index) {
    return tree(tx).inclusion(index, size_);
  }
  std::vector<tlog::Hash> consistency(db::Tx& tx, std::uint64_t from) {
    return tree(tx).consistency(from, size_);
  }

 private:
  tlog::TileTree& tree(db::Tx& tx) {
    tx_ = &tx;
    if (!tree_ || tree_->reads() > kTilesKeptMax) {
      tree_.emplace(size_,
                    [this](const tlog::Tile& tile) { return ledger::read_tile(*tx_, tile); });
    }
    return *tree_;
  }

  std::uint64_t size_;
  db::Tx* tx_ = nullptr;  // of the call that is running
  std::optional<tlog::TileTree> tree_;
};

std::string query_text(const http::Pairs& filters) {
  std::string text;
  for (const auto& [name, value] : filters) {
    if (!text.empty()) text += '&';
    text += base::percent_encode(name) + "=" + base::percent_encode(value);
  }
  return text;
}

/// One bundle on its way.
class Export {
 public:
  Export(db::Database& database, const BundleOrder& order, const entries::Selection& selection,
         const ledger::SignedCheckpoint& checkpoint, bundle::Writer& writer,
         const BundleProgress& progress)
      : database_(database),
        business_(order.actor.business),
        selection_(selection),
        checkpoint_(checkpoint),
        writer_(writer),
        progress_(progress),
        prover_(checkpoint.size),
        all_(static_cast<std::int64_t>(selection.shown.size() + selection.withheld.size())) {
    if (order.all_leaves) all_ += static_cast<std::int64_t>(checkpoint.size);
    for (const entries::SelectedContact& contact : selection.contacts) {
      last_[contact.id] = contact.leaves;
    }
    stamped_ = database.read_as_is(business_, [&](db::Tx& tx) {
      return ledger::stamped_sizes(tx, checkpoint_.epoch, kStampedSizesMax);
    });
  }

  /// How many files were not there.
  std::int64_t run(bool all_leaves) {
    // Leaves without content stand at the end, also those whose content was erased.
    std::vector<std::int64_t> without = selection_.withheld;
    write_rows(selection_.shown, true, &without);
    write_rows(without, false, nullptr);
    const std::vector<ledger::SignedCheckpoint> stamped = write_stamps();
    write_earlier(stamped);
    if (all_leaves) write_all_leaves();
    return files_missing_;
  }

 private:
  void done(std::int64_t more) {
    done_ += more;
    progress_(std::min(done_, all_), all_);
  }

  void write_rows(const std::vector<std::int64_t>& positions, bool shown,
                  std::vector<std::int64_t>* erased) {
    for (std::size_t next = 0; next < positions.size();) {
      const std::size_t begin = next;
      std::vector<std::pair<std::int64_t, ReadRow>> rows;
      database_.read_as_is(business_, [&](db::Tx& tx) {
        rows.clear();
        std::size_t bytes = 0;
        for (next = begin;
             next < positions.size() && rows.size() < kRowsAtOnce && bytes < kRowBytesAtOnce;
             ++next) {
          ReadRow read = read_row(tx, positions[next], shown);
          const auto last = last_.find(read.contact);
          if (last != last_.end() && read.contact_seq > last->second) continue;
          if (read.row.index >= checkpoint_.size) continue;
          read.row.path = prover_.inclusion(tx, read.row.index);
          bytes += read.row.record.size();
          rows.emplace_back(positions[next], std::move(read));
        }
      });
      for (const auto& [pos, read] : rows) {
        if (erased != nullptr && read.row.state == bundle::State::kErased) {
          erased->push_back(pos);
        } else {
          write_row(read);
        }
      }
      done(static_cast<std::int64_t>(next - begin));
    }
  }

  void write_row(const ReadRow& read) {
    for (const NamedFile& file : read.files) {
      if (!files_.insert(file.id).second) continue;
      if (!add_file(file)) ++files_missing_;
    }
    if (const auto parts = tlog::decode_leaf(read.row.leaf)) {
      writer_.set_tag(read.contact, parts->contact_tag);
    }
    writer_.add_row(read.row);
    // The first that tells that this leaf was there.
    const auto stamp = std::upper_bound(stamped_.begin(), stamped_.end(), read.row.index);
    if (stamp != stamped_.end() && *stamp <= checkpoint_.size) needed_.insert(*stamp);
  }

  // False where its bytes are not there, or are not those that were kept.
  bool add_file(const NamedFile& file) {
    if (!file.sha256) return false;
    std::string bytes;
    try {
      bytes = database_.blobs().get(business_, *file.sha256);
    } catch (const base::Error& error) {
      if (error.code() != base::Code::kNotFound && error.code() != base::Code::kInternal) throw;
      return false;
    }
    writer_.add_attachment(file.id, file.name, bytes);
    return true;
  }

  std::vector<ledger::SignedCheckpoint> write_stamps();
  void write_earlier(const std::vector<ledger::SignedCheckpoint>& stamped);
  void write_all_leaves();

  db::Database& database_;
  db::BusinessKey business_;
  const entries::Selection& selection_;
  const ledger::SignedCheckpoint& checkpoint_;
  bundle::Writer& writer_;
  const BundleProgress& progress_;
  Prover prover_;
  std::int64_t all_;
  std::int64_t done_ = 0;
  std::int64_t files_missing_ = 0;
  std::set<base::Id> files_;
  std::vector<std::uint64_t> stamped_;  // sizes of checkpoints that have a stamp, rising
  std::set<std::uint64_t> needed_;      // of these, those of leaves that were written
  std::unordered_map<base::Id, std::int64_t> last_;
};

// For each leaf the first stamp after it, and the last stamp of all.
std::vector<ledger::SignedCheckpoint> Export::write_stamps() {
  std::vector<ledger::SignedCheckpoint> written;
  const auto newest = database_.read_as_is(business_, ledger::last_stamped);
  if (newest && newest->epoch == checkpoint_.epoch && newest->size <= checkpoint_.size) {
    needed_.insert(newest->size);
  }
  while (needed_.size() > bundle::kStampsMax) needed_.erase(needed_.begin());
  for (const std::uint64_t size : needed_) {
    auto found = database_.read_as_is(
        business_, [&](db::Tx& tx) { return ledger::find_stamped(tx, checkpoint_.epoch, size); });
    if (!found) continue;
    writer_.add_stamp(
        {.size = size, .note = found->first.note, .response = std::move(found->second.response)});
    written.push_back(std::move(found->first));
  }
  return written;
}

// The root is the tree's own: a checkpoint that says another is not proven to be one of it.
constexpr const char* kEarlier = R"(
  SELECT size, root FROM checkpoints WHERE business = $1 AND epoch = $2 AND size > 0 AND size < $3
  ORDER BY size DESC LIMIT $4)";

void Export::write_earlier(const std::vector<ledger::SignedCheckpoint>& stamped) {
  std::map<std::uint64_t, tlog::Hash, std::greater<>> roots;
  database_.read_as_is(business_, [&](db::Tx& tx) {
    roots.clear();
    db::Rows rows =
        tx.query(kEarlier, {tx.business(), checkpoint_.epoch, checkpoint_.size, kEarlierMax});
    while (rows.next()) {
      tlog::Hash& to = roots[static_cast<std::uint64_t>(rows->integer(0))];
      const base::ByteSpan root = rows->blob(1);
      if (root.size() == to.size()) std::copy(root.begin(), root.end(), to.begin());
    }
  });
  for (const ledger::SignedCheckpoint& one : stamped) {
    if (one.size > 0 && one.size < checkpoint_.size) roots.emplace(one.size, one.root);
  }
  for (const auto& [size, root] : roots) {
    writer_.add_earlier({.size = size,
                         .root = root,
                         .path = database_.read_as_is(business_, [&, from = size](db::Tx& tx) {
                           return prover_.consistency(tx, from);
                         })});
  }
}

constexpr const char* kLeaves = R"(
  SELECT pos, leaf FROM journal WHERE business = $1 AND pos > $2 ORDER BY pos LIMIT $3)";

void Export::write_all_leaves() {
  std::int64_t pos = 0;
  for (std::uint64_t left = checkpoint_.size; left > 0;) {
    std::vector<base::Bytes> leaves;
    database_.read_as_is(business_, [&](db::Tx& tx) {
      leaves.clear();
      const auto limit = std::min(static_cast<std::int64_t>(left), kLeavesAtOnce);
      db::Rows rows = tx.query(kLeaves, {tx.business(), pos, limit});
      while (rows.next()) {
        pos = rows->integer(0);
        const base::ByteSpan leaf = rows->blob(1);
        leaves.emplace_back(leaf.begin(), leaf.end());
      }
    });
    if (leaves.empty()) throw base::Error(base::Code::kInternal, "The journal lacks leaves.");
    for (const base::Bytes& leaf : leaves) writer_.add_log_leaf(leaf);
    left -= leaves.size();
    done(static_cast<std::int64_t>(leaves.size()));
  }
}

bundle::Manifest first_manifest(db::Database& database, const Neighbours& neighbours,
                                const BundleOrder& order, const entries::Selection& selection,
                                const base::Clock& clock) {
  bundle::Manifest manifest;
  manifest.business = order.actor.business_id;
  manifest.business_name = order.business_name;
  manifest.made_at = base::format_rfc3339(clock.now());
  manifest.made_by = order.actor.name;
  manifest.asked = query_text(order.query.filters);
  manifest.all_leaves = order.all_leaves;
  const bool named = order.actor.may(access::Permission::kContactsRead);
  database.read_as_is(order.actor.business, [&](db::Tx& tx) {
    manifest.contacts.clear();
    for (const entries::SelectedContact& contact : selection.contacts) {
      manifest.contacts.push_back(
          {.id = contact.id,
           .name = named ? neighbours.contact_name(tx, contact.id) : std::string(),
           .tag = {},
           .leaves = contact.leaves});
    }
  });
  return manifest;
}

}  // namespace

BundleMade make_bundle(db::Database& database, ledger::Signer& signer, const Neighbours& neighbours,
                       const BundleOrder& order, const base::Clock& clock, const std::string& path,
                       const BundleProgress& progress) {
  const entries::Selection selection =
      entries::select_rows(database, order.actor, order.query, neighbours.members);
  // After all that is in the bundle was there, so that it proves all of it.
  const ledger::SignedCheckpoint checkpoint =
      signer.sign({.business = order.actor.business, .id = order.actor.business_id});
  const tlog::Checkpoint said{.origin = ledger::origin(order.actor.business_id, checkpoint.epoch),
                              .size = checkpoint.size,
                              .root = checkpoint.root,
                              .extensions = {}};
  bundle::Writer writer(path, first_manifest(database, neighbours, order, selection, clock), said);
  Export work(database, order, selection, checkpoint, writer, progress);
  BundleMade made;
  made.files_missing = work.run(order.all_leaves);
  writer.finish(checkpoint.note, database.read_as_is(order.actor.business, [](db::Tx& tx) {
    return ledger::verifiers(tx);
  }));
  made.manifest = writer.manifest();
  made.manifest.files.clear();
  return made;
}

}  // namespace annals::evidence
