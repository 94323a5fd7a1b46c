// The evidence bundle: entries as a business hands them out, with all that it takes to check them
// without the server, the database, or trust in either. A zip file that holds
//
//   manifest.json     what this is, what was asked, and every other file with size and SHA-256
//   index.html        the same for people to read (bundle/page.h)
//   checkpoint.txt    how the ledger stood: a C2SP signed note
//   keys.txt          the public keys that its checkpoints were signed by, a line each
//   leaves.txt        a line a leaf: `shown|withheld|erased`, its index, its 66 bytes in hex
//   records.jsonl     line n: the record that leaf n commits to, its exact bytes (RFC 8785)
//   salts.txt         line n: in hex the salt of the record and that of each of its attachments
//   proofs.txt        line n: the inclusion proof of leaf n, its hashes in base64
//   consistency.txt   a line an earlier checkpoint: its size, its root, and the proof in base64
//                     that the ledger grew from it
//   all-leaves.bin    where it was asked for: every leaf of the ledger, 66 bytes each, in order
//   stamps/<size>.note, stamps/<size>.tsr  where there are any: this or an earlier checkpoint, and
//                     an authority's time stamp of it (RFC 3161, a TimeStampResp): its leaves were
//                     there at that time
//   files/<id>-<name> the attachments that the records name
//
// Of leaves that are withheld (their reader may not see them, or they were not asked for) and of
// erased ones the lines of records and salts are empty. The leaves of an entry stand together, its
// versions in their order and then its delivery events; entries stand as they happened, and leaves
// without content at the end.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"
#include "base/id.h"
#include "tlog/tree.h"

namespace annals::bundle {

inline constexpr std::string_view kFormat = "annals-bundle";
inline constexpr std::int64_t kVersion = 1;
inline constexpr std::int64_t kPageVersion =
    3;  // of index.html; another wherever it reads otherwise

inline constexpr std::string_view kManifest = "manifest.json";
inline constexpr std::string_view kPage = "index.html";
inline constexpr std::string_view kCheckpoint = "checkpoint.txt";
inline constexpr std::string_view kKeys = "keys.txt";
inline constexpr std::string_view kLeaves = "leaves.txt";
inline constexpr std::string_view kRecords = "records.jsonl";
inline constexpr std::string_view kSalts = "salts.txt";
inline constexpr std::string_view kProofs = "proofs.txt";
inline constexpr std::string_view kConsistency = "consistency.txt";
inline constexpr std::string_view kAllLeaves = "all-leaves.bin";
inline constexpr std::string_view kFilesFolder = "files/";
inline constexpr std::string_view kStampsFolder = "stamps/";
inline constexpr std::string_view kStampedNote = ".note";
inline constexpr std::string_view kStampReply = ".tsr";

// Limits, for whoever writes and whoever reads.
inline constexpr std::int64_t kBundleBytesMax = 2LL << 30;    // as it lies
inline constexpr std::int64_t kUnpackedBytesMax = 8LL << 30;  // all files together
inline constexpr std::size_t kManifestBytesMax = std::size_t{16} << 20;
inline constexpr std::size_t kRecordBytesMax = std::size_t{16} << 20;
inline constexpr std::size_t kLineBytesMax = std::size_t{64} << 10;  // of all but records
inline constexpr std::size_t kKeysMax = 1'000;
inline constexpr std::size_t kAttachmentsMax = 20'000;
inline constexpr std::size_t kLeavesMax = 2'000'000;
inline constexpr std::size_t kConsistencyMax = 2'000;
inline constexpr std::size_t kStampsMax = 1'000;
inline constexpr std::size_t kPathBytesMax = 200;  // of a file's name in the zip

/// A contact whose leaves are all in the bundle.
struct Contact {
  base::Id id;
  std::string name;  // as it was when the bundle was made; the ledger does not vouch for it
  base::Id tag;      // stands in its leaves
  std::int64_t leaves = 0;
  bool operator==(const Contact&) const = default;
};

struct File {
  std::string path;
  std::int64_t size = 0;
  std::string sha256;  // hex
  bool operator==(const File&) const = default;
};

/// What is told of a bundle as a whole.
struct Manifest {
  base::Id business;
  std::string business_name;
  std::string made_at;  // RFC 3339
  std::string made_by;
  std::string asked;              // the filters, as a query string of GET /entries
  std::vector<Contact> contacts;  // empty where entries of any contact were asked for
  bool all_leaves = false;
  std::int64_t entries = 0;  // that are shown
  std::int64_t shown = 0;    // leaves
  std::int64_t withheld = 0;
  std::int64_t erased = 0;
  std::int64_t page_version = kPageVersion;
  std::vector<File> files;
  bool operator==(const Manifest&) const = default;
};

[[nodiscard]] std::string format_manifest(const Manifest& manifest);
/// Throws kMalformed that says what is wrong: no bundle, another version, a file of a name that
/// cannot be in one, or twice.
[[nodiscard]] Manifest parse_manifest(std::string_view text);

enum class State { kShown, kWithheld, kErased };

/// A leaf with what belongs to it.
struct Row {
  State state = State::kShown;
  std::uint64_t index = 0;
  base::Bytes leaf;
  std::string record;
  std::vector<base::Bytes> salts;  // the record's, then each attachment's
  std::vector<tlog::Hash> path;
  bool operator==(const Row&) const = default;
};

/// The row's lines in the files of their names, without line breaks.
struct Lines {
  std::string leaf;
  std::string record;
  std::string salts;
  std::string proof;
};
[[nodiscard]] Lines format_row(const Row& row);
/// Throws kMalformed that names the file.
[[nodiscard]] Row parse_row(Lines lines);

/// A line of consistency.txt.
struct Earlier {
  std::uint64_t size = 0;
  tlog::Hash root{};
  std::vector<tlog::Hash> path;
  bool operator==(const Earlier&) const = default;
};
[[nodiscard]] std::string format_earlier(const Earlier& earlier);
/// Throws kMalformed.
[[nodiscard]] Earlier parse_earlier(std::string_view line);

/// A checkpoint that an authority has stamped.
struct Stamped {
  std::uint64_t size = 0;
  std::string note;
  base::Bytes response;
};
/// Where the note and the stamp of a checkpoint of this size stand in the zip.
[[nodiscard]] std::string stamp_path(std::uint64_t size, std::string_view suffix);
/// The size that such a path names; nothing where it is none.
[[nodiscard]] std::optional<std::uint64_t> stamped_size(std::string_view path,
                                                        std::string_view suffix);

/// Where the attachment of this id and name stands in the zip: letters, digits and `._-` of the
/// name, so that no system reads anything else into it.
[[nodiscard]] std::string attachment_path(const base::Id& id, std::string_view name);

}  // namespace annals::bundle
