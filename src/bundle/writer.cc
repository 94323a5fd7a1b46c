#include "bundle/writer.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/json.h"
#include "bundle/format.h"
#include "bundle/page.h"
#include "bundle/zip.h"
#include "tlog/checkpoint.h"
#include "tlog/stamp.h"

namespace annals::bundle {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPieceBytes = std::size_t{64} << 10;

struct FileCloser {
  void operator()(std::FILE* file) const { static_cast<void>(std::fclose(file)); }
};

[[noreturn]] void cannot_write(const std::string& path) {
  const int reason = errno;
  throw base::Error(
      reason == ENOSPC || reason == EDQUOT ? base::Code::kStorageFull : base::Code::kUnavailable,
      path + ": " + std::generic_category().message(reason));
}

// A file that grows beside the zip.
class Part {
 public:
  explicit Part(std::string path)
      : path_(std::move(path)), file_(std::fopen(path_.c_str(), "w+e")) {
    if (!file_) cannot_write(path_);
  }
  void write(std::string_view bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) {
      cannot_write(path_);
    }
    bytes_ += static_cast<std::int64_t>(bytes.size());
  }
  void line(std::string_view text) {
    write(text);
    write("\n");
  }
  [[nodiscard]] std::int64_t bytes() const { return bytes_; }

  /// Gives all that was written, piece by piece.
  void replay(const std::function<void(std::string_view)>& sink) {
    if (std::fseek(file_.get(), 0, SEEK_SET) != 0) cannot_write(path_);
    std::array<char, kPieceBytes> piece{};
    while (const std::size_t count = std::fread(piece.data(), 1, piece.size(), file_.get())) {
      sink(std::string_view(piece.data(), count));
    }
    if (std::ferror(file_.get()) != 0) {
      throw base::Error(base::Code::kUnavailable, path_ + " cannot be read again.");
    }
  }

 private:
  std::string path_;
  std::unique_ptr<std::FILE, FileCloser> file_;
  std::int64_t bytes_ = 0;
};

std::string made_folder(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  fs::create_directories(path, error);
  if (error) throw base::Error(base::Code::kUnavailable, path + ": " + error.message());
  fs::permissions(path, fs::perms::owner_all, error);
  return path;
}

constexpr std::array kGathered = {kPage,   kLeaves,      kRecords,  kSalts,
                                  kProofs, kConsistency, kAllLeaves};

}  // namespace

struct Writer::Parts {
  std::string path;
  Manifest manifest;
  std::string folder;
  ZipWriter zip;
  std::map<std::string_view, Part> parts{};
  Page page;
  std::int64_t bytes = 0;  // of all files so far
  std::size_t attachments = 0;
  std::size_t rows = 0;
  std::string entry{};  // of the last row
  std::vector<StampedTime> stamps{};

  Parts(std::string path_given, Manifest manifest_given)
      : path(std::move(path_given)),
        manifest(std::move(manifest_given)),
        folder(made_folder(path + ".parts")),
        zip(path + ".part"),
        page([this](std::string_view text) { parts.at(kPage).write(text); }) {
    for (const std::string_view name : kGathered) {
      if (name == kAllLeaves && !manifest.all_leaves) continue;
      parts.try_emplace(name, folder + "/" + std::string(name));
    }
  }
  ~Parts() {
    parts.clear();
    std::error_code ignored;
    fs::remove_all(folder, ignored);
    fs::remove(path + ".part", ignored);
  }
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  void check_size(std::int64_t more) const {
    std::int64_t gathered = bytes + more;
    for (const auto& [name, part] : parts) gathered += part.bytes();
    if (gathered > kUnpackedBytesMax) {
      throw base::Error(base::Code::kTooLarge,
                        "The bundle would unpack to more than 8 GiB; ask for less at a time.");
    }
  }

  // A member of the zip and its line in the manifest. `fill` is given where its bytes go.
  using Sink = std::function<void(std::string_view)>;
  void add(std::string_view name, bool packed, const std::function<void(const Sink&)>& fill) {
    File file{.path = std::string(name), .size = 0, .sha256 = {}};
    base::Sha256 hash;
    zip.begin(file.path, packed);
    fill([&](std::string_view piece) {
      zip.write(piece);
      hash.add(base::as_bytes(piece));
      file.size += static_cast<std::int64_t>(piece.size());
    });
    zip.end();
    file.sha256 = base::hex(hash.digest());
    manifest.files.push_back(std::move(file));
  }
  void add_whole(std::string_view name, bool packed, std::string_view content) {
    add(name, packed, [&](const Sink& sink) { sink(content); });
  }
};

Writer::Writer(std::string path, Manifest manifest, const tlog::Checkpoint& checkpoint)
    : parts_(std::make_unique<Parts>(std::move(path), std::move(manifest))) {
  parts_->page.begin(parts_->manifest, checkpoint);
}

Writer::~Writer() = default;

void Writer::add_attachment(const base::Id& id, std::string_view name, std::string_view bytes) {
  Parts& parts = *parts_;
  if (++parts.attachments > kAttachmentsMax) {
    throw base::Error(base::Code::kTooLarge,
                      "A bundle holds at most 20,000 attachments; ask for less at a time.");
  }
  parts.bytes += static_cast<std::int64_t>(bytes.size());
  parts.check_size(0);
  // Most are packed already, as pictures and PDFs are.
  parts.add_whole(attachment_path(id, name), false, bytes);
}

void Writer::add_row(const Row& row) {
  Parts& parts = *parts_;
  if (++parts.rows > kLeavesMax) {
    throw base::Error(base::Code::kTooLarge,
                      "A bundle holds at most 2,000,000 leaves; ask for less at a time.");
  }
  const Lines lines = format_row(row);
  parts.check_size(static_cast<std::int64_t>(lines.record.size()));
  parts.parts.at(kLeaves).line(lines.leaf);
  parts.parts.at(kRecords).line(lines.record);
  parts.parts.at(kSalts).line(lines.salts);
  parts.parts.at(kProofs).line(lines.proof);
  base::Json record;
  if (row.state == State::kShown) {
    record = base::parse_json(row.record, kRecordBytesMax);
    const base::Json* id = record.find("id");
    CHECK(id != nullptr);
    if (parts.entry != id->text()) ++parts.manifest.entries;
    parts.entry = id->text();
    ++parts.manifest.shown;
  } else {
    parts.entry.clear();
    ++(row.state == State::kErased ? parts.manifest.erased : parts.manifest.withheld);
  }
  parts.page.row(row, record);
}

void Writer::set_tag(const base::Id& contact, const base::Id& tag) {
  for (Contact& one : parts_->manifest.contacts) {
    if (one.id == contact) one.tag = tag;
  }
}

const Manifest& Writer::manifest() const { return parts_->manifest; }

void Writer::add_earlier(const Earlier& earlier) {
  parts_->parts.at(kConsistency).line(format_earlier(earlier));
}

void Writer::add_stamp(const Stamped& stamped) {
  Parts& parts = *parts_;
  const auto stamp = tlog::read_stamp(stamped.response);
  CHECK(stamp && parts.stamps.size() < kStampsMax);
  parts.stamps.push_back({.size = stamped.size, .time = stamp->time});
  parts.bytes += static_cast<std::int64_t>(stamped.note.size() + stamped.response.size());
  parts.check_size(0);
  parts.add_whole(stamp_path(stamped.size, kStampedNote), true, stamped.note);
  parts.add_whole(stamp_path(stamped.size, kStampReply), true, base::as_text(stamped.response));
}

void Writer::add_log_leaf(base::ByteSpan leaf) {
  Part& part = parts_->parts.at(kAllLeaves);
  part.write(base::as_text(leaf));
}

void Writer::finish(const std::string& note, const std::vector<std::string>& keys) {
  Parts& parts = *parts_;
  parts.page.end(parts.manifest, parts.stamps);
  parts.check_size(0);
  for (const std::string_view name : kGathered) {
    const auto part = parts.parts.find(name);
    if (part == parts.parts.end()) continue;
    parts.add(name, true, [&](const Parts::Sink& sink) { part->second.replay(sink); });
  }
  std::string lines;
  for (const std::string& key : keys) lines += key + "\n";
  parts.add_whole(kKeys, true, lines);
  parts.add_whole(kCheckpoint, true, note);
  const std::string manifest = format_manifest(parts.manifest);
  if (manifest.size() > kManifestBytesMax) {
    throw base::Error(base::Code::kTooLarge,
                      "The bundle would hold too many files; ask for less at a time.");
  }
  parts.zip.begin(std::string(kManifest), true);
  parts.zip.write(manifest);
  parts.zip.end();
  parts.zip.close();
  if (std::cmp_greater(fs::file_size(parts.path + ".part"), kBundleBytesMax)) {
    throw base::Error(base::Code::kTooLarge,
                      "The bundle would be larger than 2 GiB; ask for less at a time.");
  }
  base::put_in_place(parts.path);
}

}  // namespace annals::bundle
