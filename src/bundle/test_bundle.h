// Small bundles for tests, of a ledger that is made for them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/json.h"
#include "base/random.h"
#include "base/temp_folder.h"
#include "bundle/check.h"
#include "bundle/format.h"
#include "bundle/writer.h"
#include "bundle/zip.h"
#include "tlog/checkpoint.h"
#include "tlog/leaf.h"
#include "tlog/note.h"
#include "tlog/stamp.h"
#include "tlog/test_authority.h"
#include "tlog/test_tree.h"
#include "tlog/tile.h"
#include "tlog/tree.h"

namespace annals::bundle {

inline base::Id test_id(std::uint8_t number) {
  base::Id id;
  id.bytes.fill(number);
  return id;
}

/// A ledger of two contacts: leaves 0 to 4 and 6 are Anna's (1: entry 10, with a file; 2: its
/// correction; 3: entry 11; 4: its retraction; 6: entry 12), leaf 5 is somebody else's. Where there
/// is to be a delivery event, that is leaf 7, of entry 10.
class TestLedger {
 public:
  explicit TestLedger(std::size_t padding = 0, bool with_delivery = false) {
    add(test_id(2), 1, entry(9, 1));
    add(test_id(2), 2, entry(10, 1, R"("attachments":[)" + attachment() + "],"), true);
    add(test_id(2), 3, entry(10, 2, R"("reason":"a typo",)"));
    add(test_id(2), 4, entry(11, 1));
    add(test_id(2), 5, entry(11, 2, R"("kind":"retraction","reason":"never was",)"));
    add(test_id(3), 1, entry(20, 1));
    add(test_id(2), 6, entry(12, 1));
    if (with_delivery) add(test_id(2), 7, delivery(10));
    for (std::size_t i = 0; i < padding; ++i) {
      add(test_id(3), static_cast<std::int64_t>(i) + 2, entry(21, 1));
    }
  }

  [[nodiscard]] tlog::Checkpoint checkpoint(std::size_t size) const {
    const std::vector<tlog::Hash> first(hashes_.begin(),
                                        hashes_.begin() + static_cast<std::ptrdiff_t>(size));
    return {.origin = origin(), .size = size, .root = tlog::naive_root(first), .extensions = {}};
  }
  [[nodiscard]] std::string note(std::size_t size) const {
    const std::string text = tlog::format_checkpoint(checkpoint(size));
    return tlog::format_note({.text = text, .signatures = {key.sign(text)}});
  }
  [[nodiscard]] std::string origin() const { return "annals/" + test_id(1).text(); }
  [[nodiscard]] std::size_t size() const { return rows.size(); }

  /// What is to be changed about the bundle before it is written.
  struct Changes {
    std::function<void(std::vector<Row>&)> rows{};
    std::function<void(Manifest&)> manifest{};
    std::string file = kFile;
    bool all_leaves = false;
    std::vector<std::size_t> stamps{};  // sizes of checkpoints that `authority` stamped
  };

  /// Anna's bundle; the last entry is withheld.
  void write(const std::string& path, const Changes& changes) const {
    Manifest manifest{.business = test_id(1),
                      .business_name = "Studio Nord",
                      .made_at = "2026-03-02T08:30:00.000000Z",
                      .made_by = "Ina Berg",
                      .asked = {},
                      .contacts = {{.id = test_id(4), .name = "Anna <b>", .tag = {}, .leaves = 6}},
                      .all_leaves = changes.all_leaves,
                      .files = {}};
    if (changes.manifest) changes.manifest(manifest);
    std::vector<Row> of_anna = {rows[0], rows[1], rows[2], rows[3], rows[4], withheld(rows[6])};
    if (changes.rows) changes.rows(of_anna);
    Writer writer(path, manifest, checkpoint(size()));
    writer.set_tag(test_id(4), test_id(2));
    if (!changes.file.empty()) writer.add_attachment(test_id(30), "r.txt", changes.file);
    for (Row& row : of_anna) {
      if (row.path.empty()) row.path = tlog::naive_inclusion(row.index, hashes_);
      writer.add_row(row);
    }
    writer.add_earlier(
        {.size = 3, .root = checkpoint(3).root, .path = tlog::naive_subproof(3, hashes_, true)});
    if (changes.all_leaves) {
      for (const Row& row : rows) writer.add_log_leaf(row.leaf);
    }
    for (const std::size_t stamped : changes.stamps) {
      writer.add_stamp(
          {.size = stamped, .note = note(stamped), .response = stamp_of(note(stamped))});
    }
    writer.finish(note(size()), {key.verifier().text()});
  }
  void write(const std::string& path) const { write(path, Changes{}); }

  [[nodiscard]] base::Bytes stamp_of(const std::string& note) const {
    return authority.answer(tlog::stamp_request(note, base::SeededRandom(2)), kStampedSecond);
  }

  static Row withheld(Row row) {
    row.state = State::kWithheld;
    row.record.clear();
    row.salts.clear();
    return row;
  }
  static std::string attachment() {
    const base::Digest digest = base::sha256({base::as_bytes(kFile)});
    const base::Bytes salt(tlog::kSaltBytes, 8);
    return R"({"commitment":")" + base::hex(base::hmac_sha256(salt, {digest})) + R"(","id":")" +
           test_id(30).text() + R"(","media_type":"text/plain","name":"r.txt","size":8})";
  }

  static constexpr const char* kFile = "Received";
  std::vector<Row> rows;                                 // of all leaves, without paths
  static constexpr long kStampedSecond = 1'750'000'000;  // 2025-06-15 15:06:40 UTC
  tlog::TestAuthority authority;
  tlog::SigningKey key = tlog::SigningKey::make(origin(), base::SeededRandom(1));

 private:
  [[nodiscard]] std::string entry(std::uint8_t id, int version,
                                  const std::string& more = "") const {
    const base::Id contact = test_id(id < 20 ? 4 : 5);
    return "{" + more + R"("business":")" + test_id(1).text() + R"(","contact":")" +
           contact.text() + R"(","id":")" + test_id(id).text() +
           R"(","occurred_at":1500000000000000,"recorded_at":)" + std::to_string(time()) +
           R"(,"title":"Asked & <i>answered</i>","v":1,"version":)" + std::to_string(version) + "}";
  }
  [[nodiscard]] std::string delivery(std::uint8_t id) const {
    return R"({"business":")" + test_id(1).text() + R"(","contact":")" + test_id(4).text() +
           R"(","event":")" + test_id(40).text() + R"(","id":")" + test_id(id).text() +
           R"(","kind":"delivery","occurred_at":1500000000000001,"reason":"<full>",)" +
           R"("recorded_at":)" + std::to_string(time()) + R"(,"status":"bounced","v":1})";
  }
  [[nodiscard]] std::int64_t time() const {
    return 1'600'000'000'000'000 + static_cast<std::int64_t>(rows.size());
  }
  void add(const base::Id& tag, std::int64_t seq, const std::string& record, bool file = false) {
    Row row{.state = State::kShown,
            .index = rows.size(),
            .leaf = {},
            .record = record,
            .salts = {base::Bytes(tlog::kSaltBytes, 7)},
            .path = {}};
    if (file) row.salts.emplace_back(tlog::kSaltBytes, 8);
    const auto has = [&](const char* part) { return record.find(part) != std::string::npos; };
    const tlog::LeafType type = has(R"("kind":"delivery")") ? tlog::LeafType::kDelivery
                                : has(R"("version":1)")     ? tlog::LeafType::kEntry
                                                            : tlog::LeafType::kRevision;
    const tlog::Leaf leaf =
        tlog::encode_leaf({.type = type,
                           .contact_tag = tag,
                           .contact_seq = seq,
                           .recorded_at = time(),
                           .commitment = tlog::commitment(row.salts.front(), record)});
    row.leaf.assign(leaf.begin(), leaf.end());
    hashes_.push_back(tlog::leaf_hash(row.leaf));
    rows.push_back(std::move(row));
  }

  std::vector<tlog::Hash> hashes_;
};

/// What a check says.
struct Said {
  int code = 0;
  std::vector<std::string> verdicts;  // "ok 9…", by entry or leaf
  std::string problems;
};

inline Said said_of(const std::string& path, CheckOptions options = {}) {
  Said said;
  options.finding = [&](const Finding& finding) {
    said.verdicts.push_back(std::string(name_of(finding.verdict)) + " " +
                            std::to_string(finding.leaf));
    if (!finding.what.empty()) said.problems += finding.what + "\n";
  };
  options.problem = [&](const std::string& what) { said.problems += what + "\n"; };
  said.code = check(path, options).exit_code();
  return said;
}

/// The members of a zip file, to be changed and written again.
using Members = std::vector<std::pair<std::string, std::string>>;

inline Members unpack(const std::string& path) {
  Members members;
  ZipReader zip(path);
  for (const ZipMember& member : zip.members(1'000)) {
    zip.open(member);
    std::string content;
    for (std::string_view piece = zip.read(); !piece.empty(); piece = zip.read()) content += piece;
    members.emplace_back(member.name, content);
  }
  return members;
}

inline void pack(const std::string& path, const Members& members, bool packed = true) {
  ZipWriter zip(path);
  for (const auto& [name, content] : members) {
    zip.begin(name, packed);
    zip.write(content);
    zip.end();
  }
  zip.close();
}

}  // namespace annals::bundle
