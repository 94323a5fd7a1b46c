#include "evidence/verify.h"

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "access/access.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/json.h"
#include "db/db.h"
#include "evidence/row_check.h"
#include "ledger/signer.h"
#include "ledger/tree.h"
#include "tlog/checkpoint.h"
#include "tlog/note.h"
#include "tlog/tile.h"
#include "tlog/tree.h"

namespace annals::evidence {
namespace {

constexpr std::int64_t kRowsAtOnce = 2'000;  // of one read transaction, which has five seconds
constexpr std::size_t kChunksAhead = 8;      // a thread, of what was read and not walked over
constexpr std::int64_t kStateEvery = 100'000;
constexpr std::int64_t kStateBytesMax = 1 << 20;

// ------------------------------------------------------------- rows, by all cores and in their
// order

/// Reads and checks the rows of a log on several threads, and gives them in order.
class Reader {
 public:
  Reader(db::Database& database, const access::Business& business, std::int64_t first,
         std::int64_t last, std::int64_t quick_until, int threads)
      : database_(database),
        business_(business),
        quick_until_(quick_until),
        chunk_(first / kRowsAtOnce),
        given_(first / kRowsAtOnce),
        chunks_((last + kRowsAtOnce - 1) / kRowsAtOnce),
        ahead_(kChunksAhead * static_cast<std::size_t>(threads)) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
  }
  ~Reader() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    moved_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// The next rows; nothing at the end.
  std::optional<std::vector<Step>> next() {
    std::unique_lock lock(mutex_);
    if (given_ >= chunks_) return std::nullopt;
    moved_.wait(lock, [this] { return failed_ || done_.contains(given_); });
    if (failed_) std::rethrow_exception(failed_);
    auto steps = std::move(done_.extract(given_).mapped());
    ++given_;
    moved_.notify_all();
    return steps;
  }

 private:
  void work() {
    while (true) {
      std::int64_t mine = 0;
      {
        std::unique_lock lock(mutex_);
        moved_.wait(lock, [this] {
          return stopping_ || chunk_ >= chunks_ ||
                 chunk_ < given_ + static_cast<std::int64_t>(ahead_);
        });
        if (stopping_ || chunk_ >= chunks_) return;
        mine = chunk_++;
      }
      try {
        const std::int64_t from = mine * kRowsAtOnce;
        const std::int64_t to = from + kRowsAtOnce;
        auto steps = database_.read_as_is(business_.key, [&](db::Tx& tx) {
          return check_rows(tx, business_.id, from, to, to <= quick_until_);
        });
        const std::lock_guard lock(mutex_);
        done_.emplace(mine, std::move(steps));
      } catch (...) {
        const std::lock_guard lock(mutex_);
        failed_ = std::current_exception();
      }
      moved_.notify_all();
    }
  }

  db::Database& database_;
  const access::Business& business_;
  const std::int64_t quick_until_;
  std::mutex mutex_;
  std::condition_variable moved_;
  std::int64_t chunk_;  // to be read next
  std::int64_t given_;  // to be given next
  const std::int64_t chunks_;
  const std::size_t ahead_;
  std::map<std::int64_t, std::vector<Step>> done_;
  std::exception_ptr failed_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

// --------------------------------------------------------------------------------- one business's
// log

// A checkpoint that the log must agree with.
struct Anchor {
  tlog::Checkpoint checkpoint;
  std::string from;
  std::string note;
  std::int64_t epoch = 1;
  bool outside = false;
  bool kept_or_known = false;  // not only in the database
};

struct ContactState {
  std::int64_t seq = 0;
  base::Micros recorded_at = 0;
  base::Id tag;
};

constexpr const char* kRange = R"(
  SELECT coalesce(min(pos), 0), coalesce(max(pos), 0), count(*) FROM journal WHERE business = $1)";
constexpr const char* kCheckpoints = R"(
  SELECT epoch, size, root, note FROM checkpoints WHERE business = $1 ORDER BY epoch, size)";
constexpr const char* kDerivedRows = R"(
  SELECT (SELECT count(*) FROM timeline WHERE business = $1),
         (SELECT count(*) FROM timeline_all WHERE business = $1),
         (SELECT count(*) FROM supersession WHERE business = $1),
         (SELECT count(*) FROM journal WHERE business = $1 AND kind <= 2),
         (SELECT count(*) FROM journal WHERE business = $1 AND kind <= 3 AND version > 1))";

class LogCheck {
 public:
  LogCheck(db::Database& database, const access::Business& business, const VerifyOptions& options,
           VerifyReport& report)
      : database_(database), business_(business), options_(options), report_(report) {}

  void run(std::int64_t done, std::int64_t all);

 private:
  void fault(const std::string& what) {
    report(Fault{.business = business_.id.text(), .contact = {}, .entry = {}, .what = what});
  }
  void fault(const Step& step, const std::string& what) {
    report({business_.id.text(), step.contact.text(), step.entry.text(), step.version, what});
  }
  void report(const Fault& fault) {
    ++report_.faults;
    if (options_.fault) options_.fault(fault);
  }
  void diverged(const std::string& what) {
    ++report_.diverged;
    if (options_.fault) {
      options_.fault({.business = business_.id.text(), .contact = {}, .entry = {}, .what = what});
    }
  }
  void read_anchors();
  void add_anchor(const std::string& note, const std::string& from, bool outside);
  void compare_notes();
  void walk(const std::vector<Step>& steps);
  void check_sequence(const Step& step);
  void check_files(const Step& step);
  void check_anchors_at(std::uint64_t size);
  void finish();
  void check_derived();
  void load_state();
  void save_state(std::int64_t pos) const;

  db::Database& database_;
  const access::Business& business_;
  const VerifyOptions& options_;
  VerifyReport& report_;

  std::multimap<std::uint64_t, Anchor> anchors_;
  std::vector<std::string> keys_;
  std::int64_t epoch_ = 1;
  std::int64_t last_index_ = -1;
  tlog::Frontier tree_;
  std::vector<tlog::Hash> hashes_;  // of the tile that is being filled
  std::unordered_map<base::Id, ContactState> contacts_;
  std::set<base::Digest> files_;
  bool tree_differs_ = false;
  // Of an interrupted run: what it had checked, and the root that this was of.
  std::int64_t quick_until_ = 0;
  std::uint64_t state_size_ = 0;
  std::string state_root_;
};

void LogCheck::add_anchor(const std::string& note, const std::string& from, bool outside) {
  const auto parsed = tlog::parse_signed_checkpoint(note);
  if (!parsed) {
    fault(from + " is no checkpoint");
    return;
  }
  const auto epoch = ledger::epoch_of(parsed->checkpoint.origin, business_.id);
  if (!epoch) return;  // of another log
  const bool is_signed = std::any_of(keys_.begin(), keys_.end(), [&](const std::string& text) {
    const auto key = tlog::VerifierKey::parse(text);
    return key && tlog::is_signed_by(parsed->note, *key) == tlog::Signed::kYes;
  });
  if (!is_signed) {
    fault(from + " is not signed by a key of this ledger");
    return;
  }
  Anchor anchor{.checkpoint = parsed->checkpoint,
                .from = from,
                .note = note,
                .epoch = *epoch,
                .outside = outside,
                .kept_or_known = true};
  anchors_.emplace(anchor.checkpoint.size, std::move(anchor));
}

void LogCheck::read_anchors() {
  struct Own {
    std::int64_t epoch;
    std::string note;
  };
  std::vector<Own> own;
  database_.read_as_is(business_.key, [&](db::Tx& tx) {
    keys_ = ledger::verifiers(tx);
    for (const ledger::Epoch& epoch : ledger::epochs(tx)) epoch_ = epoch.epoch;
    db::Rows rows = tx.query(kCheckpoints, {business_.key});
    while (rows.next()) own.push_back({rows->integer(0), rows->string(3)});
  });
  const std::string base = options_.keys_folder + "/" + business_.id.text();
  const auto read = [&](const char* suffix) -> std::string {
    try {
      return options_.keys_folder.empty() ? "" : base::read_file(base + suffix, kStateBytesMax);
    } catch (const base::Error& error) {
      if (error.code() != base::Code::kNotFound) throw;
      return "";
    }
  };
  // A key that only the database knows proves nothing where others are known.
  std::string outside = read(".pub");
  for (const std::string& key : options_.keys) outside += key + "\n";
  if (!outside.empty()) {
    keys_.clear();
    for (std::size_t at = 0; at < outside.size();) {
      const std::size_t end = std::min(outside.find('\n', at), outside.size());
      keys_.push_back(outside.substr(at, end - at));
      at = end + 1;
    }
  }
  for (const Own& one : own) {
    if (one.epoch == epoch_) add_anchor(one.note, "a checkpoint in the database", false);
  }
  for (auto& [size, anchor] : anchors_) anchor.kept_or_known = false;
  if (const std::string kept = read(".checkpoint"); !kept.empty()) {
    add_anchor(kept, base + ".checkpoint", false);
  }
  for (const KnownCheckpoint& known : options_.known) {
    add_anchor(known.note, known.from, known.outside);
  }
}

// Two notes of one size and different roots: somebody was shown another history.
void LogCheck::compare_notes() {
  for (auto at = anchors_.begin(); at != anchors_.end(); ++at) {
    const auto next = std::next(at);
    if (next == anchors_.end() || next->first != at->first) continue;
    if (next->second.epoch == at->second.epoch &&
        next->second.checkpoint.root != at->second.checkpoint.root) {
      diverged("two checkpoints of " + std::to_string(at->first) + " leaves differ, " +
               at->second.from + ":\n" + at->second.note + "and " + next->second.from + ":\n" +
               next->second.note);
    }
  }
}

void LogCheck::check_anchors_at(std::uint64_t size) {
  const auto [begin, end] = anchors_.equal_range(size);
  for (auto at = begin; at != end; ++at) {
    const Anchor& anchor = at->second;
    if (anchor.checkpoint.root == tree_.root()) {
      if (anchor.outside) ++report_.anchors;
      continue;
    }
    const std::string what = "the first " + std::to_string(size) + " leaves are not those of " +
                             anchor.from + (anchor.epoch < epoch_ ? ", of an earlier epoch" : "");
    if (anchor.kept_or_known) {
      diverged(what);
    } else {
      fault(what);
    }
  }
}

void LogCheck::check_sequence(const Step& step) {
  if (step.leaf_index != last_index_ + 1) {
    fault(step, "leaf_index: " + std::to_string(step.leaf_index) + " follows " +
                    (last_index_ < 0 ? "nothing" : std::to_string(last_index_)) +
                    ": something is missing, or in another place");
  }
  last_index_ = step.leaf_index;
  ContactState& contact = contacts_[step.contact];
  if (step.contact_seq != contact.seq + 1) {
    fault(step, "contact_seq: " + std::to_string(step.contact_seq) + " follows " +
                    std::to_string(contact.seq) + ": something is missing, or in another place");
  }
  if (step.recorded_at <= contact.recorded_at) {
    fault(step, "recorded_at: is not after the contact's leaf before it");
  }
  if (contact.seq > 0 && contact.tag != step.contact_tag) {
    fault(step, "leaf: has another tag than the contact's leaf before it");
  }
  contact = {step.contact_seq, step.recorded_at, step.contact_tag};
}

void LogCheck::check_files(const Step& step) {
  for (const base::Digest& digest : step.files) {
    if (!files_.insert(digest).second) continue;
    ++report_.files;
    try {
      static_cast<void>(database_.blobs().get(business_.key, digest));
    } catch (const base::Error& error) {
      fault(step, "file " + base::hex(digest) +
                      (error.code() == base::Code::kNotFound ? ": is missing"
                                                             : ": does not hold what it should"));
    }
  }
}

void LogCheck::walk(const std::vector<Step>& steps) {
  for (const Step& step : steps) {
    for (const std::string& what : step.faults) fault(step, what);
    check_sequence(step);
    check_files(step);
    tree_.append(step.leaf_hash);
    hashes_.push_back(step.leaf_hash);
    const std::uint64_t size = tree_.size();
    if (anchors_.contains(size)) check_anchors_at(size);
    if (size == state_size_ && base::hex(tree_.root()) != state_root_) {
      fault("the leaves that the interrupted run had checked were changed since; remove " +
            options_.state_file + " and run again");
    }
    if (size % tlog::kTileWidth != 0) continue;
    // The tree as it is stored, tile by tile; one fault says it.
    const tlog::Tile tile{.level = 0, .index = size / tlog::kTileWidth - 1};
    const bool same = tree_differs_ || database_.read_as_is(business_.key, [&](db::Tx& tx) {
      try {
        return ledger::read_tile(tx, tile) == hashes_;
      } catch (const base::Error& error) {
        if (error.code() != base::Code::kNotFound) throw;
        return false;
      }
    });
    if (!same) {
      tree_differs_ = true;
      fault("the stored tree differs from the leaves before leaf " + std::to_string(size) +
            "; `annals rebuild` makes it anew");
    }
    hashes_.clear();
  }
}

void LogCheck::check_derived() {
  database_.read_as_is(business_.key, [&](db::Tx& tx) {
    db::Rows rows = tx.query(kDerivedRows, {business_.key});
    CHECK(rows.next());
    if (rows->integer(0) != rows->integer(3)) {
      fault("timeline: has rows of no entry, or lacks some");
    }
    if (rows->integer(1) != rows->integer(3)) {
      fault("timeline_all: has rows of no entry, or lacks some");
    }
    if (rows->integer(2) != rows->integer(4)) {
      fault("supersession: has rows of no version, or lacks some");
    }
  });
}

void LogCheck::finish() {
  const std::uint64_t size = tree_.size();
  if (size > 0 && !tree_differs_) {
    const bool same = database_.read_as_is(business_.key, [&](db::Tx& tx) {
      return ledger::tree_size(tx) == size && ledger::tree(tx, size).root(size) == tree_.root();
    });
    if (!same) fault("the stored tree is not that of the leaves; `annals rebuild` makes it anew");
  }
  for (auto at = anchors_.upper_bound(size); at != anchors_.end(); ++at) {
    const Anchor& anchor = at->second;
    const std::string what = "the database holds " + std::to_string(size) + " leaves, and " +
                             anchor.from + " was of " + std::to_string(anchor.checkpoint.size) +
                             (anchor.epoch < epoch_ ? ", in an earlier epoch" : "");
    if (anchor.kept_or_known) {
      diverged(what);
    } else {
      fault(what);
    }
  }
}

// -------------------------------------------------------------------------------------------
// resuming

void LogCheck::load_state() {
  if (options_.state_file.empty()) return;
  try {
    const base::Json all = base::parse_json(base::read_file(options_.state_file, kStateBytesMax));
    const base::Json* own = all.find(business_.id.text());
    if (own == nullptr) return;
    quick_until_ = own->find("pos")->as_int().value_or(0);
    state_size_ = static_cast<std::uint64_t>(own->find("size")->as_int().value_or(0));
    state_root_ = own->find("root")->text();
  } catch (const base::Error& error) {
    if (error.code() != base::Code::kNotFound) throw;
  }
}

void LogCheck::save_state(std::int64_t pos) const {
  base::Json own = base::Json::object();
  own.set("pos", base::Json::number(pos));
  own.set("size", base::Json::number(static_cast<std::int64_t>(tree_.size())));
  own.set("root", base::Json::string(base::hex(tree_.root())));
  base::Json all = base::Json::object();
  all.set(business_.id.text(), std::move(own));
  base::write_file(options_.state_file, all.dump());
}

void LogCheck::run(std::int64_t done, std::int64_t all) {
  std::int64_t first = 0;
  std::int64_t last = 0;
  database_.read_as_is(business_.key, [&](db::Tx& tx) {
    db::Rows rows = tx.query(kRange, {business_.key});
    CHECK(rows.next());
    first = rows->integer(0);
    last = rows->integer(1);
  });
  load_state();
  read_anchors();
  compare_notes();
  if (anchors_.contains(0)) check_anchors_at(0);
  const int cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  Reader reader(database_, business_, std::max<std::int64_t>(first - 1, 0), last, quick_until_,
                options_.threads > 0 ? options_.threads : cores);
  std::int64_t saved = 0;
  const std::int64_t faults = report_.faults;
  while (auto steps = reader.next()) {
    walk(*steps);
    report_.leaves += static_cast<std::int64_t>(steps->size());
    const auto size = static_cast<std::int64_t>(tree_.size());
    if (options_.progress) options_.progress(done + size, all);
    // What had faults is checked again, so that they are named again.
    if (!options_.state_file.empty() && !steps->empty() && faults == report_.faults &&
        size - saved >= kStateEvery) {
      save_state(steps->back().pos);
      saved = size;
    }
  }
  finish();
  check_derived();
}

constexpr const char* kCount = "SELECT count(*) FROM journal WHERE business = $1";

}  // namespace

int VerifyReport::exit_code() const {
  if (faults > 0) return 40;
  if (diverged > 0) return 30;
  return anchors > 0 ? 0 : 10;
}

VerifyReport verify(db::Database& database, const VerifyOptions& options) {
  VerifyReport report;
  std::int64_t all = 0;
  for (const access::Business& business : options.businesses) {
    all += database.read_as_is(business.key, [&](db::Tx& tx) {
      db::Rows rows = tx.query(kCount, {business.key});
      CHECK(rows.next());
      return rows->integer(0);
    });
  }
  for (const access::Business& business : options.businesses) {
    LogCheck(database, business, options, report).run(report.leaves, all);
    ++report.businesses;
  }
  // The next run is to read everything again.
  if (!options.state_file.empty()) std::filesystem::remove(options.state_file);
  return report;
}

}  // namespace annals::evidence
