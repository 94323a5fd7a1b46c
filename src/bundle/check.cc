#include "bundle/check.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/limits.h"
#include "bundle/entry_check.h"
#include "bundle/format.h"
#include "bundle/member.h"
#include "bundle/page.h"
#include "bundle/zip.h"
#include "tlog/checkpoint.h"
#include "tlog/leaf.h"
#include "tlog/note.h"
#include "tlog/stamp.h"
#include "tlog/tree.h"

namespace annals::bundle {
namespace {

base::Error broken(std::string_view file, const std::string& what) {
  return base::malformed(std::string(file), "bundle", what);
}

// A checkpoint that was kept by who checks.
struct Known {
  std::string from;
  tlog::Checkpoint checkpoint;
  bool compared = false;
};

std::vector<tlog::VerifierKey> keys_of(const std::vector<std::string>& lines) {
  std::vector<tlog::VerifierKey> keys;
  for (const std::string& line : lines) {
    const auto key = tlog::VerifierKey::parse(line);
    if (!key) throw base::invalid("key", "key", "is no verifier key (`<name>+<id>+<base64>`)");
    keys.push_back(*key);
  }
  return keys;
}

std::vector<Known> known_of(const std::vector<KnownCheckpoint>& given) {
  std::vector<Known> known;
  for (const KnownCheckpoint& one : given) {
    const auto parsed = tlog::parse_signed_checkpoint(one.note);
    if (!parsed) throw base::invalid("known-checkpoint", "note", one.from + " is no checkpoint");
    known.push_back({one.from, parsed->checkpoint});
  }
  return known;
}

// A stamp and the checkpoint beside it, which belong together.
struct FoundStamp {
  tlog::Checkpoint checkpoint;
  base::Micros time = 0;
};

/// One run over one bundle.
class Run {
 public:
  Run(std::string path, const CheckOptions& options)
      : path_(std::move(path)),
        options_(options),
        known_(known_of(options.known)),
        trusted_(keys_of(options.keys)) {}

  Report run() {
    open();
    hash_files();
    read_checkpoint();
    read_stamps();
    check_rows();
    check_earlier();
    check_stamps();
    if (report_.manifest.all_leaves) check_all_leaves();
    sum_up_known();
    report_.manifest.files.clear();
    return std::move(report_);
  }

 private:
  void fault(const std::string& what) {
    ++report_.faults;
    if (options_.problem) options_.problem(what);
  }
  void missing(const std::string& what) {
    ++report_.missing;
    if (options_.problem) options_.problem(what);
  }
  [[nodiscard]] const ZipMember& member(std::string_view name) const {
    return members_.at(std::string(name));
  }
  [[nodiscard]] std::string text(std::string_view name, std::size_t bytes_max) const {
    return read_member(path_, member(name), bytes_max);
  }

  void open();
  void hash_files();
  void read_checkpoint();
  [[nodiscard]] bool is_signed(const tlog::Note& note) const;
  void read_stamps();
  void read_stamp(std::uint64_t size);
  void check_rows();
  void check_earlier();
  void check_stamps();
  void check_all_leaves();
  void compare(Known& known, const tlog::Hash& root);
  void sum_up_known();

  std::string path_;
  const CheckOptions& options_;
  std::vector<Known> known_;
  std::vector<tlog::VerifierKey> trusted_;
  Report report_;
  std::map<std::string, ZipMember> members_;  // but the manifest
  FoundFiles files_;
  std::vector<tlog::VerifierKey> keys_;          // trusted ones
  std::map<std::uint64_t, tlog::Hash> earlier_;  // roots of sizes that the ledger had, as proven
  std::vector<FoundStamp> stamps_;
};

// The directory and the manifest, which have to agree before anything else is read.
void Run::open() {
  std::optional<ZipMember> manifest;
  std::int64_t bytes = 0;
  {
    ZipReader zip(path_);
    for (ZipMember& one : zip.members(kAttachmentsMax + 2 * kStampsMax + 16)) {
      if (one.name == kManifest) {
        manifest = std::move(one);
      } else {
        members_.emplace(one.name, std::move(one));
      }
    }
  }
  if (!manifest) throw broken("bundle", "the zip file has no manifest.json");
  report_.manifest = parse_manifest(read_member(path_, *manifest, kManifestBytesMax));
  for (const File& file : report_.manifest.files) {
    const auto found = members_.find(file.path);
    if (found == members_.end()) throw broken("bundle", file.path + " is missing");
    if (found->second.size != file.size) {
      throw broken("bundle", file.path + " has another size than the manifest says");
    }
    if (file.path.starts_with(kFilesFolder) &&
        file.size > static_cast<std::int64_t>(base::limits::kAttachmentBytesMax)) {
      throw broken("bundle", file.path + " is larger than an attachment can be");
    }
    if (file.size > kUnpackedBytesMax - bytes) throw broken("bundle", "its files are too large");
    bytes += file.size;
  }
  if (members_.size() != report_.manifest.files.size()) {
    throw broken("bundle", "the zip file has a file that the manifest does not name");
  }
}

void Run::hash_files() {
  ZipReader zip(path_);
  for (const File& file : report_.manifest.files) {
    base::Sha256 hash;
    zip.open(member(file.path));
    for (std::string_view piece = zip.read(); !piece.empty(); piece = zip.read()) {
      hash.add(base::as_bytes(piece));
    }
    const base::Digest digest = hash.digest();
    if (base::hex(digest) != file.sha256) fault(file.path + " is not what the manifest says");
    files_.emplace(file.path, FoundFile{file.size, digest});
  }
}

void Run::read_checkpoint() {
  const auto parsed = tlog::parse_signed_checkpoint(text(kCheckpoint, tlog::kNoteBytesMax));
  if (!parsed) throw broken(kCheckpoint, "is no signed checkpoint");
  report_.checkpoint = parsed->checkpoint;
  const std::string log = "annals/" + report_.manifest.business.text();
  const std::string& origin = parsed->checkpoint.origin;
  if (origin != log && !origin.starts_with(log + "/")) {
    throw broken(kCheckpoint, "is of another ledger than the manifest says");
  }
  keys_ = trusted_;
  LineReader lines(path_, member(kKeys), kLineBytesMax);
  std::size_t count = 0;
  while (const auto line = lines.next()) {
    const auto key = tlog::VerifierKey::parse(*line);
    if (!key || ++count > kKeysMax) throw broken(kKeys, "a line is no verifier key");
    if (trusted_.empty()) keys_.push_back(*key);
  }
  if (!is_signed(parsed->note)) {
    fault(trusted_.empty() ? "checkpoint.txt: none of the keys in the bundle signed it"
                           : "checkpoint.txt: none of the keys that were given signed it");
  }
}

bool Run::is_signed(const tlog::Note& note) const {
  return std::any_of(keys_.begin(), keys_.end(), [&](const auto& key) {
    return tlog::is_signed_by(note, key) == tlog::Signed::kYes;
  });
}

void Run::read_stamps() {
  std::set<std::uint64_t> sizes;
  for (const auto& [path, unused] : members_) {
    for (const std::string_view suffix : {kStampedNote, kStampReply}) {
      const auto size = stamped_size(path, suffix);
      if (size) sizes.insert(*size);
    }
  }
  if (sizes.size() > kStampsMax) throw broken(kStampsFolder, "has too many stamps");
  for (const std::uint64_t size : sizes) read_stamp(size);
}

void Run::read_stamp(std::uint64_t size) {
  const std::string note_path = stamp_path(size, kStampedNote);
  const std::string stamp_at = stamp_path(size, kStampReply);
  if (!members_.contains(note_path) || !members_.contains(stamp_at)) {
    throw broken(kStampsFolder, "a stamp and its checkpoint are not both there");
  }
  const std::string note = text(note_path, tlog::kNoteBytesMax);
  const std::string response = text(stamp_at, tlog::kStampBytesMax);
  const auto parsed = tlog::parse_signed_checkpoint(note);
  if (!parsed || parsed->checkpoint.size != size ||
      parsed->checkpoint.origin != report_.checkpoint.origin) {
    fault(note_path + " is no checkpoint of this ledger and size");
    return;
  }
  if (!is_signed(parsed->note)) {
    fault(note_path + ": none of the keys signed it");
    return;
  }
  const auto stamp = tlog::read_stamp(base::as_bytes(response));
  if (!stamp) {
    fault(stamp_at + " is no time stamp, or was changed");
    return;
  }
  if (stamp->imprint != base::sha256({base::as_bytes(note)})) {
    fault(stamp_at + " is not of the checkpoint beside it");
    return;
  }
  // What the page tells, also where the rest does not hold.
  stamps_.push_back({.checkpoint = parsed->checkpoint, .time = stamp->time});
  if (options_.authorities.empty()) return;
  const std::string why = tlog::untrusted(base::as_bytes(response), note, options_.authorities);
  if (!why.empty()) fault(stamp_at + ": the authorities that were given did not sign it: " + why);
}

void Run::check_stamps() {
  const tlog::Checkpoint& now = report_.checkpoint;
  earlier_[now.size] = now.root;
  for (const FoundStamp& stamp : stamps_) {
    const auto root = earlier_.find(stamp.checkpoint.size);
    if (root == earlier_.end()) {
      missing("consistency.txt has no proof for the stamp of " +
              std::to_string(stamp.checkpoint.size) + " leaves");
    } else if (root->second != stamp.checkpoint.root) {
      fault("the checkpoint of " + std::to_string(stamp.checkpoint.size) +
            " leaves that was stamped is not of this ledger");
    } else if (options_.stamp) {
      options_.stamp({.size = stamp.checkpoint.size,
                      .time = stamp.time,
                      .trusted = !options_.authorities.empty()});
    }
  }
}

void Run::check_rows() {
  const std::function<void(const std::string&)> on_missing = [this](const std::string& what) {
    missing(what);
  };
  const std::function<void(const Finding&)> on_finding = [this](const Finding& finding) {
    if (options_.finding) options_.finding(finding);
  };
  EntryCheck entries(report_.manifest, report_.checkpoint, files_, on_finding, on_missing);
  base::Sha256 page_hash;
  Page page([&page_hash](std::string_view piece) { page_hash.add(base::as_bytes(piece)); });
  page.begin(report_.manifest, report_.checkpoint);
  LineReader leaves(path_, member(kLeaves), kLineBytesMax);
  LineReader records(path_, member(kRecords), kRecordBytesMax);
  LineReader salts(path_, member(kSalts), kLineBytesMax);
  LineReader proofs(path_, member(kProofs), kLineBytesMax);
  while (auto leaf = leaves.next()) {
    auto record = records.next();
    auto salt = salts.next();
    auto proof = proofs.next();
    if (!record || !salt || !proof) throw broken(kLeaves, "has more lines than its neighbours");
    const Row row =
        parse_row({std::move(*leaf), std::move(*record), std::move(*salt), std::move(*proof)});
    page.row(row, entries.add(row));
    ++report_.leaves;
  }
  if (records.next() || salts.next() || proofs.next()) {
    throw broken(kLeaves, "has fewer lines than its neighbours");
  }
  entries.finish();
  std::vector<StampedTime> times;
  times.reserve(stamps_.size());
  for (const FoundStamp& one : stamps_) times.push_back({one.checkpoint.size, one.time});
  page.end(report_.manifest, times);
  const EntryCheck::Counts& counts = entries.counts();
  report_.entries = counts.entries;
  report_.faults += counts.mismatches;
  const Manifest& said = report_.manifest;
  if (said.entries != counts.entries || said.shown != counts.shown ||
      said.withheld != counts.withheld || said.erased != counts.erased) {
    fault("manifest.json: its counts are not those of the leaves");
  }
  if (said.page_version != kPageVersion) {
    missing("index.html is of another version of Annals and was not compared with the records");
  } else if (page_hash.digest() != files_.at(std::string(kPage)).sha256) {
    fault("index.html does not say what the records say");
  }
}

// `root` is the ledger's at the size of the checkpoint that was kept.
void Run::compare(Known& known, const tlog::Hash& root) {
  if (known.compared) return;
  known.compared = true;
  if (root == known.checkpoint.root) {
    ++report_.anchors;
    return;
  }
  ++report_.diverged;
  if (options_.problem) {
    options_.problem(known.from + ": the ledger of the bundle is not one that grew from it");
  }
}

void Run::check_earlier() {
  const tlog::Checkpoint& now = report_.checkpoint;
  for (Known& known : known_) {
    if (known.checkpoint.origin == now.origin && known.checkpoint.size == now.size) {
      compare(known, now.root);
    }
  }
  LineReader lines(path_, member(kConsistency), kLineBytesMax);
  std::size_t count = 0;
  while (const auto line = lines.next()) {
    if (++count > kConsistencyMax) throw broken(kConsistency, "has too many lines");
    const Earlier earlier = parse_earlier(*line);
    const bool holds =
        tlog::verify_consistency(earlier.size, earlier.root, now.size, now.root, earlier.path);
    if (!holds) fault("consistency.txt: a proof does not hold");
    if (holds) earlier_[earlier.size] = earlier.root;
    for (Known& known : known_) {
      if (holds && known.checkpoint.origin == now.origin && known.checkpoint.size == earlier.size) {
        compare(known, earlier.root);
      }
    }
  }
}

// Every leaf of the ledger: its root at all sizes, and that the contacts have no other leaves.
void Run::check_all_leaves() {
  const auto found = members_.find(std::string(kAllLeaves));
  if (found == members_.end()) throw broken(kAllLeaves, "is missing");
  const tlog::Checkpoint& now = report_.checkpoint;
  std::map<base::Id, std::int64_t> of_contacts;
  for (const Contact& contact : report_.manifest.contacts) of_contacts[contact.tag] = 0;
  ZipReader zip(path_);
  zip.open(found->second);
  tlog::Frontier frontier;
  std::string rest;
  for (std::string_view piece = zip.read(); !piece.empty(); piece = zip.read()) {
    rest += piece;
    std::string_view left = rest;
    for (; left.size() >= tlog::kLeafBytes; left.remove_prefix(tlog::kLeafBytes)) {
      const base::ByteSpan leaf = base::as_bytes(left.substr(0, tlog::kLeafBytes));
      const auto parts = tlog::decode_leaf(leaf);
      if (!parts) throw broken(kAllLeaves, "holds what is no leaf");
      if (const auto of = of_contacts.find(parts->contact_tag); of != of_contacts.end()) {
        ++of->second;
      }
      frontier.append(tlog::leaf_hash(leaf));
      for (Known& known : known_) {
        if (known.checkpoint.origin == now.origin && known.checkpoint.size == frontier.size()) {
          compare(known, frontier.root());
        }
      }
    }
    rest.erase(0, rest.size() - left.size());
  }
  if (!rest.empty() || frontier.size() != now.size || frontier.root() != now.root) {
    fault("all-leaves.bin is not the ledger of the checkpoint");
  }
  for (const Contact& contact : report_.manifest.contacts) {
    if (of_contacts[contact.tag] != contact.leaves) {
      missing("the ledger has " + std::to_string(of_contacts[contact.tag]) + " leaves of contact " +
              contact.id.text() + ", the bundle tells of " + std::to_string(contact.leaves));
    }
  }
}

void Run::sum_up_known() {
  const std::string log = "annals/" + report_.manifest.business.text();
  for (Known& known : known_) {
    if (known.compared) continue;
    const std::string& origin = known.checkpoint.origin;
    if (origin != report_.checkpoint.origin) {
      if (origin == log || origin.starts_with(log + "/")) {
        missing(known.from + ": is of another epoch of the ledger (" + origin +
                "), and was not compared");
      } else {
        ++report_.diverged;
        if (options_.problem) options_.problem(known.from + ": is of another ledger, " + origin);
      }
    } else if (known.checkpoint.size > report_.checkpoint.size) {
      missing(known.from + ": is newer than the bundle, and was not compared");
    } else {
      missing(known.from +
              ": the bundle has no proof that leads from it; ask for one with all "
              "leaves");
    }
  }
}

}  // namespace

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOk:
      return "ok";
    case Verdict::kCorrected:
      return "corrected";
    case Verdict::kErased:
      return "erased";
    case Verdict::kWithheld:
      return "withheld";
    case Verdict::kMismatch:
      return "mismatch";
  }
  return "";
}

int Report::exit_code() const {
  if (faults > 0) return 40;
  if (diverged > 0) return 30;
  if (missing > 0) return 20;
  return anchors > 0 ? 0 : 10;
}

Report check(const std::string& path, const CheckOptions& options) {
  return Run(path, options).run();
}

}  // namespace annals::bundle
