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
#include "base/random.h"
#include "base/short_hash.h"
#include "db/business.h"
#include "db/db.h"
#include "evidence/beside.h"
#include "evidence/row_check.h"
#include "evidence/settings_check.h"
#include "evidence/stamp_check.h"
#include "ledger/ledger.h"
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
  /// `quick_until`: up to that position leaves alone are read.
  Reader(db::Database& database, db::BusinessKey business, const CheckWith& with,
         std::int64_t first, std::int64_t last, Depth depth, std::int64_t quick_until, int threads)
      : database_(database),
        business_(business),
        with_(with),
        depth_(depth),
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
  std::optional<Rows> next() {
    std::unique_lock lock(mutex_);
    if (given_ >= chunks_) return std::nullopt;
    moved_.wait(lock, [this] { return failed_ || done_.contains(given_); });
    if (failed_) std::rethrow_exception(failed_);
    auto rows = std::move(done_.extract(given_).mapped());
    ++given_;
    moved_.notify_all();
    return rows;
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
        const Depth depth = to <= quick_until_ ? Depth::kLeaves : depth_;
        auto rows = database_.read_as_is(
            business_, [&](db::Tx& tx) { return check_rows(tx, with_, from, to, depth); });
        const std::lock_guard lock(mutex_);
        done_.emplace(mine, std::move(rows));
      } catch (...) {
        const std::lock_guard lock(mutex_);
        failed_ = std::current_exception();
      }
      moved_.notify_all();
    }
  }

  db::Database& database_;
  const db::BusinessKey business_;
  const CheckWith& with_;
  const Depth depth_;
  const std::int64_t quick_until_;
  std::mutex mutex_;
  std::condition_variable moved_;
  std::int64_t chunk_;  // to be read next
  std::int64_t given_;  // to be given next
  const std::int64_t chunks_;
  const std::size_t ahead_;
  std::map<std::int64_t, Rows> done_;
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

// By the key's order: there is no index to count by.
constexpr const char* kFirst = R"(
  SELECT pos FROM journal WHERE business = $1 ORDER BY pos LIMIT 1)";
constexpr const char* kLast = R"(
  SELECT pos, leaf_index FROM journal WHERE business = $1 ORDER BY pos DESC LIMIT 1)";
constexpr const char* kCheckpoints = R"(
  SELECT epoch, size, root, note FROM checkpoints WHERE business = $1 ORDER BY epoch, size)";
constexpr const char* kDerivedRows = R"(
  SELECT (SELECT count(*) FROM timeline WHERE business = $1),
         (SELECT count(*) FROM timeline_all WHERE business = $1),
         (SELECT count(*) FROM supersession WHERE business = $1),
         (SELECT count(*) FROM journal WHERE business = $1 AND kind <= 2 AND record <> ''),
         (SELECT count(*) FROM journal WHERE business = $1 AND kind <= 3 AND version > 1),
         (SELECT count(*) FROM delivery_events WHERE business = $1),
         (SELECT count(*) FROM journal WHERE business = $1 AND kind = 4 AND record <> ''))";

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
  void check_blank(const Step& step);
  void read_tags();
  void read_rows(std::int64_t first, std::int64_t last, int threads, std::int64_t done,
                 std::int64_t all);
  [[nodiscard]] bool beside_agrees(int threads) const;
  void name_beside(std::int64_t first, std::int64_t last, int threads);
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
  Tags tags_;
  std::unordered_map<base::Id, std::vector<Step>> blank_;  // by entry, not shredded so far
  base::ShortHashKey key_{};
  BesideSums beside_;
  std::set<base::Digest> files_;
  StampCheck stamps_;
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

// A record that is not there was erased, if a later leaf of the same contact says so.
void LogCheck::check_blank(const Step& step) {
  if (step.blank) {
    blank_[step.entry].push_back(step);
  } else if (step.kind == ledger::Kind::kShred) {
    const auto found = blank_.find(step.entry);
    if (found == blank_.end()) return;
    std::erase_if(found->second, [&](const Step& blank) { return blank.contact == step.contact; });
    if (found->second.empty()) blank_.erase(found);
  }
}

void LogCheck::walk(const std::vector<Step>& steps) {
  for (const Step& step : steps) {
    for (const std::string& what : step.faults) fault(step, what);
    check_sequence(step);
    if (std::string late = stamps_.fault_of(step.leaf_index, step.recorded_at); !late.empty()) {
      fault(step, late);
    }
    check_files(step);
    check_blank(step);
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
    if (rows->integer(5) != rows->integer(6)) {
      fault("delivery_events: has rows of no event, or lacks some");
    }
  });
}

void LogCheck::finish() {
  for (const auto& [entry, steps] : blank_) {
    for (const Step& step : steps) fault(step, "record: is blank, and no leaf says it was erased");
  }
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
    db::Rows begin = tx.query(kFirst, {business_.key});
    if (begin.next()) first = begin->integer(0);
    db::Rows end = tx.query(kLast, {business_.key});
    if (end.next()) last = end->integer(0);
  });
  load_state();
  read_anchors();
  compare_notes();
  stamps_.read(database_, business_.key, epoch_, options_.authorities,
               [this](const std::string& what) { fault(what); });
  report_.stamps += stamps_.count();
  if (anchors_.contains(0)) check_anchors_at(0);
  const int cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  const int threads = options_.threads > 0 ? options_.threads : cores;
  read_tags();
  base::system_random().fill(key_);
  read_rows(first, last, threads, done, all);
  finish();
  if (options_.settings) {
    check_settings(database_, business_.key, options_.settings,
                   [this](const std::string& what) { fault(what); });
  }
  if (quick_until_ == 0 && beside_agrees(threads)) return;
  if (quick_until_ == 0) name_beside(first, last, threads);
  check_derived();
}

constexpr const char* kTags = R"(
  SELECT id, tag FROM contacts WHERE business = $1 AND id > $2 ORDER BY id LIMIT $3)";
constexpr std::int64_t kTagsAtOnce = 50'000;

void LogCheck::read_tags() {
  base::Id last;
  const auto some = [&](db::Tx& tx) {
    std::int64_t n = 0;
    db::Rows rows = tx.query(kTags, {business_.key, last, kTagsAtOnce});
    for (; rows.next(); ++n) {
      last = rows->id(0);
      tags_[last] = rows->id(1);
    }
    return n;
  };
  while (database_.read_as_is(business_.key, some) == kTagsAtOnce) continue;
}

void LogCheck::read_rows(std::int64_t first, std::int64_t last, int threads, std::int64_t done,
                         std::int64_t all) {
  const CheckWith with{.business = business_.id, .tags = tags_, .key = key_};
  // What an interrupted run had added up is not known, so that the rest is looked up row by row.
  const Depth depth = quick_until_ == 0 ? Depth::kRecords : Depth::kEverything;
  Reader reader(database_, business_.key, with, std::max<std::int64_t>(first - 1, 0), last, depth,
                quick_until_, threads);
  std::int64_t saved = 0;
  const std::int64_t faults = report_.faults;
  while (auto rows = reader.next()) {
    walk(rows->steps);
    beside_.add(rows->beside);
    report_.leaves += static_cast<std::int64_t>(rows->steps.size());
    const auto size = static_cast<std::int64_t>(tree_.size());
    if (options_.progress) options_.progress(done + size, all);
    // What had faults is checked again, so that they are named again.
    if (!options_.state_file.empty() && !rows->steps.empty() && faults == report_.faults &&
        size - saved >= kStateEvery) {
      save_state(rows->steps.back().pos);
      saved = size;
    }
  }
}

bool LogCheck::beside_agrees(int threads) const {
  const BesideFound found = read_beside(database_, business_.key, key_, threads);
  return found.same && found.sums == beside_;
}

// Where the sums differ: each row is compared with what stands beside it, so that those are named
// that differ.
void LogCheck::name_beside(std::int64_t first, std::int64_t last, int threads) {
  const CheckWith with{.business = business_.id, .tags = tags_, .key = key_};
  Reader reader(database_, business_.key, with, std::max<std::int64_t>(first - 1, 0), last,
                Depth::kBeside, 0, threads);
  while (auto rows = reader.next()) {
    for (const Step& step : rows->steps) {
      for (const std::string& what : step.faults) fault(step, what);
    }
  }
}

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
      db::Rows rows = tx.query(kLast, {business.key});
      return rows.next() ? rows->integer(1) + 1 : std::int64_t{0};
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
