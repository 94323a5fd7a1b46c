#include "bundle/format.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/json.h"
#include "tlog/leaf.h"
#include "tlog/tree.h"

namespace annals::bundle {
namespace {

using base::Json;

base::Error broken(std::string_view file, const std::string& what) {
  return base::malformed(std::string(file), "bundle", what);
}

constexpr std::array kStates = {std::pair{State::kShown, std::string_view("shown")},
                                std::pair{State::kWithheld, std::string_view("withheld")},
                                std::pair{State::kErased, std::string_view("erased")}};

// Words with one space between them.
std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

std::optional<std::uint64_t> number_of(std::string_view word) {
  std::uint64_t number = 0;
  const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc{} || stop != word.data() + word.size() || std::to_string(number) != word)
    return std::nullopt;
  return number;
}

std::optional<tlog::Hash> hash_of(std::string_view word) {
  const auto bytes = base::from_base64(word);
  tlog::Hash hash{};
  if (!bytes || bytes->size() != hash.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), hash.begin());
  return hash;
}

void append_word(std::string& line, std::string_view word) {
  if (!line.empty()) line += ' ';
  line += word;
}

void append_hashes(std::string& line, const std::vector<tlog::Hash>& hashes) {
  for (const tlog::Hash& hash : hashes) append_word(line, base::base64(hash));
}

constexpr std::size_t kProofHashesMax = 64;  // of a tree of 2^64 leaves

std::vector<tlog::Hash> hashes_of(std::string_view file, const std::vector<std::string_view>& words,
                                  std::size_t from) {
  std::vector<tlog::Hash> hashes;
  for (std::size_t i = from; i < words.size(); ++i) {
    const auto hash = hash_of(words[i]);
    if (!hash || hashes.size() == 2 * kProofHashesMax) {
      throw broken(file, "a line holds no hashes in base64");
    }
    hashes.push_back(*hash);
  }
  return hashes;
}

// -------------------------------------------------------------------------------------- manifest

const Json& member(const Json& json, std::string_view name, Json::Kind kind) {
  const Json* value = json.find(name);
  if (value == nullptr || value->kind() != kind) {
    throw broken(kManifest, "has no " + std::string(name));
  }
  return *value;
}

std::string text_of(const Json& json, std::string_view name) {
  return member(json, name, Json::Kind::kString).text();
}

std::int64_t count_of(const Json& json, std::string_view name) {
  const auto count = member(json, name, Json::Kind::kNumber).as_int();
  if (!count || *count < 0) throw broken(kManifest, std::string(name) + " is no count");
  return *count;
}

base::Id id_of(const Json& json, std::string_view name) {
  const auto id = base::parse_id(text_of(json, name));
  if (!id) throw broken(kManifest, std::string(name) + " is no id");
  return *id;
}

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

constexpr std::array kFixedPaths = {kPage,    kCheckpoint, kKeys,   kLeaves,
                                    kRecords, kSalts,      kProofs, kConsistency};
constexpr std::size_t kIdChars = 36;

bool is_attachment_path(std::string_view path) {
  if (!path.starts_with(kFilesFolder)) return false;
  path.remove_prefix(kFilesFolder.size());
  return path.size() > kIdChars + 1 && base::parse_id(path.substr(0, kIdChars)) &&
         path[kIdChars] == '-' && std::all_of(path.begin(), path.end(), is_plain);
}

bool is_path(std::string_view path) {
  return path.size() <= kPathBytesMax &&
         (path == kAllLeaves || is_attachment_path(path) || stamped_size(path, kStampedNote) ||
          stamped_size(path, kStampReply) ||
          std::find(kFixedPaths.begin(), kFixedPaths.end(), path) != kFixedPaths.end());
}

bool is_sha256(std::string_view text) {
  const auto bytes = base::from_hex(text);
  return bytes && bytes->size() == sizeof(base::Digest) && base::ascii_lower(text) == text;
}

std::vector<File> files_of(const Json& json) {
  std::vector<File> files;
  std::set<std::string> paths;
  for (const Json& item : member(json, "files", Json::Kind::kArray).items()) {
    File file{.path = text_of(item, "path"),
              .size = count_of(item, "size"),
              .sha256 = text_of(item, "sha256")};
    if (!is_path(file.path)) throw broken(kManifest, "names a file that can be in no bundle");
    if (!is_sha256(file.sha256)) throw broken(kManifest, file.path + " has no SHA-256");
    if (!paths.insert(file.path).second) throw broken(kManifest, file.path + " is there twice");
    files.push_back(std::move(file));
  }
  for (const std::string_view path : kFixedPaths) {
    if (!paths.contains(std::string(path))) {
      throw broken(kManifest, "does not name " + std::string(path));
    }
  }
  if (files.size() > kAttachmentsMax + 2 * kStampsMax + kFixedPaths.size() + 1) {
    throw broken(kManifest, "names too many files");
  }
  return files;
}

void write_contacts(base::JsonWriter& out, const std::vector<Contact>& contacts) {
  out.key("contacts").begin_array();
  for (const Contact& contact : contacts) {
    out.begin_object()
        .member("id", contact.id.text())
        .member("name", contact.name)
        .member("tag", base::hex(contact.tag.bytes))
        .member("leaves", contact.leaves)
        .end_object();
  }
  out.end_array();
}

std::vector<Contact> contacts_of(const Json& json) {
  std::vector<Contact> contacts;
  for (const Json& item : member(json, "contacts", Json::Kind::kArray).items()) {
    Contact contact{.id = id_of(item, "id"),
                    .name = text_of(item, "name"),
                    .tag = {},
                    .leaves = count_of(item, "leaves")};
    const auto tag = base::from_hex(text_of(item, "tag"));
    if (!tag || tag->size() != contact.tag.bytes.size()) throw broken(kManifest, "tag is none");
    std::copy(tag->begin(), tag->end(), contact.tag.bytes.begin());
    contacts.push_back(std::move(contact));
  }
  return contacts;
}

}  // namespace

std::string format_manifest(const Manifest& manifest) {
  base::JsonWriter out;
  out.begin_object().member("format", kFormat).member("version", kVersion);
  out.key("business")
      .begin_object()
      .member("id", manifest.business.text())
      .member("name", manifest.business_name)
      .end_object();
  out.member("made_at", manifest.made_at)
      .member("made_by", manifest.made_by)
      .member("asked", manifest.asked);
  write_contacts(out, manifest.contacts);
  out.member("all_leaves", manifest.all_leaves)
      .member("entries", manifest.entries)
      .member("shown", manifest.shown)
      .member("withheld", manifest.withheld)
      .member("erased", manifest.erased)
      .member("page_version", manifest.page_version);
  out.key("files").begin_array();
  for (const File& file : manifest.files) {
    out.begin_object()
        .member("path", file.path)
        .member("size", file.size)
        .member("sha256", file.sha256)
        .end_object();
  }
  return out.end_array().end_object().take() + "\n";
}

Manifest parse_manifest(std::string_view text) {
  Json json;
  try {
    json = base::parse_json(text, kManifestBytesMax);
  } catch (const base::Error& error) {
    throw broken(kManifest, "is no JSON: " + error.message());
  }
  if (!json.is_object() || text_of(json, "format") != kFormat) {
    throw broken(kManifest, "is not that of an evidence bundle");
  }
  if (count_of(json, "version") != kVersion) {
    throw broken(kManifest, "is of a version that this program does not know");
  }
  const Json& business = member(json, "business", Json::Kind::kObject);
  return {.business = id_of(business, "id"),
          .business_name = text_of(business, "name"),
          .made_at = text_of(json, "made_at"),
          .made_by = text_of(json, "made_by"),
          .asked = text_of(json, "asked"),
          .contacts = contacts_of(json),
          .all_leaves = member(json, "all_leaves", Json::Kind::kBool).as_bool(),
          .entries = count_of(json, "entries"),
          .shown = count_of(json, "shown"),
          .withheld = count_of(json, "withheld"),
          .erased = count_of(json, "erased"),
          .page_version = count_of(json, "page_version"),
          .files = files_of(json)};
}

// ------------------------------------------------------------------------------------------ rows

Lines format_row(const Row& row) {
  Lines lines{.leaf = {}, .record = row.record, .salts = {}, .proof = {}};
  const auto* const state = std::find_if(kStates.begin(), kStates.end(),
                                         [&](const auto& one) { return one.first == row.state; });
  append_word(lines.leaf, state->second);
  append_word(lines.leaf, std::to_string(row.index));
  append_word(lines.leaf, base::hex(row.leaf));
  for (const base::Bytes& salt : row.salts) append_word(lines.salts, base::hex(salt));
  append_hashes(lines.proof, row.path);
  return lines;
}

Row parse_row(Lines lines) {
  Row row;
  const std::vector<std::string_view> words = words_of(lines.leaf);
  const auto* const state = std::find_if(kStates.begin(), kStates.end(), [&](const auto& one) {
    return !words.empty() && one.second == words[0];
  });
  if (words.size() != 3 || state == kStates.end()) {
    throw broken(kLeaves, "a line is not `<state> <index> <leaf>`");
  }
  row.state = state->first;
  const auto index = number_of(words[1]);
  auto leaf = base::from_hex(words[2]);
  if (!index) throw broken(kLeaves, "a leaf has no index");
  if (!leaf || leaf->size() != tlog::kLeafBytes) throw broken(kLeaves, "a leaf is no leaf");
  row.index = *index;
  row.leaf = std::move(*leaf);
  row.record = std::move(lines.record);
  for (const std::string_view word : words_of(lines.salts)) {
    auto salt = base::from_hex(word);
    if (!salt || salt->size() != tlog::kSaltBytes) throw broken(kSalts, "a salt is none");
    row.salts.push_back(std::move(*salt));
  }
  row.path = hashes_of(kProofs, words_of(lines.proof), 0);
  return row;
}

std::string format_earlier(const Earlier& earlier) {
  std::string line = std::to_string(earlier.size);
  append_word(line, base::base64(earlier.root));
  append_hashes(line, earlier.path);
  return line;
}

Earlier parse_earlier(std::string_view line) {
  const std::vector<std::string_view> words = words_of(line);
  const auto size = words.size() < 2 ? std::nullopt : number_of(words[0]);
  const auto root = words.size() < 2 ? std::nullopt : hash_of(words[1]);
  if (!size || !root) throw broken(kConsistency, "a line is not `<size> <root> <hash>…`");
  return {.size = *size, .root = *root, .path = hashes_of(kConsistency, words, 2)};
}

std::string stamp_path(std::uint64_t size, std::string_view suffix) {
  return std::string(kStampsFolder) + std::to_string(size) + std::string(suffix);
}

std::optional<std::uint64_t> stamped_size(std::string_view path, std::string_view suffix) {
  if (!path.starts_with(kStampsFolder) || !path.ends_with(suffix) ||
      path.size() <= kStampsFolder.size() + suffix.size()) {
    return std::nullopt;
  }
  path.remove_prefix(kStampsFolder.size());
  path.remove_suffix(suffix.size());
  return number_of(path);
}

std::string attachment_path(const base::Id& id, std::string_view name) {
  std::string path = std::string(kFilesFolder) + id.text() + "-";
  const std::size_t room = kPathBytesMax - path.size();
  // Of a long name the end stays, which says what the file is.
  if (name.size() > room) name.remove_prefix(name.size() - room);
  for (const char c : name) path += is_plain(c) ? c : '_';
  if (name.empty()) path += '_';
  return path;
}

}  // namespace annals::bundle
