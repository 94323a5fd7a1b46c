// Backup and restore of a data folder of the SQLite engine.
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/time.h"
#include "db/folder_lock.h"
#include "transfer/snapshot.h"
#include "transfer/transfer.h"

namespace annals::transfer {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kManifestBytesMax = 64 * 1024;
constexpr std::int64_t kSumsBytesMax = std::int64_t{1} << 30;  // some seven million files
constexpr std::int64_t kFormat = 1;
constexpr const char* kDatabase = "annals.db";
constexpr const char* kManifest = "manifest.json";
constexpr const char* kSums = "SHA256SUMS";

struct Manifest {
  base::Micros made_at = 0;
  DatabaseFacts facts;  // without files
  std::int64_t bytes = 0;
  std::map<std::string, std::string> files;  // path in the backup → hexadecimal SHA-256
};

std::string blob_path(const std::string& sha256) {
  return "blobs/" + sha256.substr(0, 2) + "/" + sha256;
}

std::string join(const std::string& folder, const std::string& path) {
  return (fs::path(folder) / path).string();
}

base::Error damaged(const std::string& path, const std::string& what) {
  return base::conflict(path, "damaged", path + ": " + what);
}

// As sha256sum(1) writes and checks it: `sha256sum -c SHA256SUMS`.
std::string sums_of(const Manifest& manifest) {
  std::string out;
  for (const auto& [path, sha256] : manifest.files) {
    out.append(sha256).append("  ").append(path).append("\n");
  }
  return out;
}

std::string dump(const Manifest& manifest) {
  const std::string sums = sums_of(manifest);
  base::JsonWriter out;
  out.begin_object()
      .member("format", kFormat)
      .member("made_at", base::format_rfc3339(manifest.made_at))
      .member("schema", manifest.facts.schema)
      .member("businesses", manifest.facts.businesses)
      .member("contacts", manifest.facts.contacts)
      .member("leaves", manifest.facts.leaves)
      .member("bytes", manifest.bytes)
      .member("sums_sha256", base::hex(base::sha256({base::as_bytes(sums)})))
      .end_object();
  return out.take() + "\n";
}

std::int64_t integer_in(const base::Json& json, std::string_view key) {
  const base::Json* value = json.find(key);
  return value == nullptr ? 0 : value->as_int().value_or(0);
}

std::string text_in(const base::Json& json, std::string_view key) {
  const base::Json* value = json.find(key);
  return value == nullptr ? "" : value->text();
}

// What a manifest may name: nothing that leads out of the backup.
bool is_our_path(const std::string& path) {
  return path == kDatabase || (path.size() == 9 + 64 && path == blob_path(path.substr(9)) &&
                               path.find_first_not_of("0123456789abcdef", 9) == std::string::npos);
}

std::map<std::string, std::string> read_sums(const std::string& path, const std::string& text) {
  std::map<std::string, std::string> files;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    const std::string name = line.size() > 66 ? line.substr(66) : "";
    if (!is_our_path(name) || line.compare(64, 2, "  ") != 0) {
      throw damaged(path, "names \"" + name + "\", which is no file of ours");
    }
    files[name] = line.substr(0, 64);
  }
  if (!files.contains(kDatabase)) throw damaged(path, "does not name annals.db");
  return files;
}

Manifest read_manifest(const std::string& backup) {
  const std::string path = join(backup, kManifest);
  const std::string sums_path = join(backup, kSums);
  std::error_code ignored;
  if (!fs::exists(path, ignored)) {
    throw base::invalid("from", "no_backup",
                        backup +
                            " holds no manifest.json: it is no backup of annals, or one that "
                            "was not finished");
  }
  Manifest manifest;
  std::string sums;
  std::string sums_sha256;
  try {
    const base::Json json = base::parse_json(base::read_file(path, kManifestBytesMax));
    if (integer_in(json, "format") != kFormat) {
      throw damaged(path, "is of a format that this program does not know; upgrade annals");
    }
    manifest.facts.schema = integer_in(json, "schema");
    manifest.facts.businesses = integer_in(json, "businesses");
    manifest.facts.contacts = integer_in(json, "contacts");
    manifest.facts.leaves = integer_in(json, "leaves");
    manifest.bytes = integer_in(json, "bytes");
    sums_sha256 = text_in(json, "sums_sha256");
    sums = base::read_file(sums_path, kSumsBytesMax);
  } catch (const base::Error& error) {
    if (error.code() == base::Code::kConflict) throw;
    throw damaged(path, "cannot be read: " + error.message());
  }
  if (base::hex(base::sha256({base::as_bytes(sums)})) != sums_sha256) {
    throw damaged(sums_path, "is not what the manifest says: it was changed or cut off");
  }
  manifest.files = read_sums(sums_path, sums);
  return manifest;
}

BackupReport report_of(const Manifest& manifest) {
  return {.businesses = manifest.facts.businesses,
          .contacts = manifest.facts.contacts,
          .leaves = manifest.facts.leaves,
          .files = static_cast<std::int64_t>(manifest.files.size()) - 1,
          .bytes = manifest.bytes};
}

// Compares what lies in `folder` with the manifest, file by file and by what the database holds.
void check(const std::string& folder, const Manifest& manifest) {
  for (const auto& [name, sha256] : manifest.files) {
    const std::string path = join(folder, name);
    std::error_code ignored;
    if (!fs::exists(path, ignored)) throw damaged(path, "is missing");
    if (base::sha256_of_file(path) != sha256) {
      throw damaged(path, "is not what the manifest says: it was changed or cut off");
    }
  }
  const std::string path = join(folder, kDatabase);
  const DatabaseFacts facts = check_database(path);
  if (facts.schema != manifest.facts.schema || facts.contacts != manifest.facts.contacts ||
      facts.leaves != manifest.facts.leaves || facts.businesses != manifest.facts.businesses) {
    throw damaged(path, "does not hold as many contacts and entries as the manifest says");
  }
  for (const std::string& sha256 : facts.files) {
    const auto listed = manifest.files.find(blob_path(sha256));
    if (listed == manifest.files.end() || listed->second != sha256) {
      throw damaged(join(folder, blob_path(sha256)),
                    "an attachment refers to it, and it is missing");
    }
  }
}

constexpr std::array<std::string_view, 8> kData = {
    "annals.db",  "annals.db-wal",  "annals.db-shm",  "blobs",
    "derived.db", "derived.db-wal", "derived.db-shm", "annals.db.part"};

// Anything but the lock itself: what lies there may be somebody's.
bool is_in_use(const std::string& folder) {
  const fs::directory_iterator entries(folder);
  return std::any_of(begin(entries), end(entries), [](const fs::directory_entry& entry) {
    return entry.path().filename() != "lock";
  });
}

void set_aside(const std::string& folder, const base::Clock& clock) {
  std::string when = base::format_rfc3339(clock.now()).substr(0, 19);
  std::replace(when.begin(), when.end(), ':', '-');
  const fs::path aside = fs::path(folder) / ("replaced-" + when);
  fs::create_directories(aside);
  for (const std::string_view name : kData) {
    const fs::path path = fs::path(folder) / name;
    if (fs::exists(path)) fs::rename(path, aside / name);
  }
  base::sync_folder(folder);
}

void make_folder(const std::string& folder, const char* field) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    throw base::invalid(field, "not_writable", folder + " cannot be made: " + error.message());
  }
  ::chmod(folder.c_str(), 0700);
}

}  // namespace

BackupReport back_up(const std::string& folder, const std::string& target,
                     const base::Clock& clock) {
  const std::string source = join(folder, kDatabase);
  if (!fs::exists(source)) {
    throw base::invalid("data", "no_data", folder + " holds no annals.db; name the data folder");
  }
  std::error_code ignored;
  if (fs::exists(target) && !(fs::is_directory(target) && fs::is_empty(target, ignored))) {
    throw base::invalid("to", "not_empty", target + " is there already; name a new folder");
  }
  make_folder(target, "to");
  Manifest manifest;
  manifest.made_at = clock.now();
  const std::string database = join(target, kDatabase);
  copy_database(source, database + ".part");
  base::put_in_place(database);
  manifest.facts = check_database(database);
  const auto list = [&](const std::string& name) {
    const std::string path = join(target, name);
    manifest.files[name] = base::sha256_of_file(path);
    manifest.bytes += static_cast<std::int64_t>(fs::file_size(path));
  };
  list(kDatabase);
  for (const std::string& sha256 : manifest.facts.files) {
    const std::string name = blob_path(sha256);
    try {
      base::copy_file(join(folder, name), join(target, name));
    } catch (const base::Error& error) {
      if (error.code() != base::Code::kNotFound) throw;
      throw damaged(join(folder, name),
                    "an attachment refers to it, and it is missing (if it was erased just now, "
                    "make the backup again)");
    }
    list(name);
  }
  check(target, manifest);
  base::write_file(join(target, kSums), sums_of(manifest));
  base::write_file(join(target, kManifest), dump(manifest));
  return report_of(manifest);
}

BackupReport check_backup(const std::string& backup) {
  const Manifest manifest = read_manifest(backup);
  check(backup, manifest);
  return report_of(manifest);
}

BackupReport restore(const std::string& backup, const std::string& folder, bool replace,
                     const base::Clock& clock) {
  const Manifest manifest = read_manifest(backup);
  check(backup, manifest);
  make_folder(folder, "data");
  const db::FolderLock lock(folder);  // while it is held, no server can start there
  if (is_in_use(folder)) {
    if (!replace) {
      throw base::invalid("data", "not_empty",
                          folder +
                              " is not empty; choose another folder, or say --replace, which "
                              "keeps what is there in a folder of its own");
    }
    set_aside(folder, clock);
  }
  // The database comes last: a folder without it holds no data that a server would start on.
  for (const auto& [name, sha256] : manifest.files) {
    if (name != kDatabase) base::copy_file(join(backup, name), join(folder, name));
  }
  base::copy_file(join(backup, kDatabase), join(folder, kDatabase));
  check(folder, manifest);
  return report_of(manifest);
}

}  // namespace annals::transfer
