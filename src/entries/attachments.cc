#include "entries/attachments.h"

#include <magic.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "access/actor.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/id.h"
#include "base/limits.h"
#include "catalog/catalog.h"
#include "db/db.h"
#include "entries/append.h"
#include "entries/load.h"
#include "ledger/ledger.h"

namespace annals::entries {
namespace {

struct MagicCloser {
  void operator()(magic_set* cookie) const { magic_close(cookie); }
};

// libmagic's handles are for one thread each; loading its table takes milliseconds.
magic_set* magic_handle() {
  thread_local const std::unique_ptr<magic_set, MagicCloser> cookie = [] {
    std::unique_ptr<magic_set, MagicCloser> made(magic_open(MAGIC_MIME_TYPE));
    if (made && magic_load(made.get(), nullptr) != 0) made.reset();
    return made;
  }();
  return cookie.get();
}

bool is_media_type(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == text.size()) return false;
  return text.size() <= base::limits::kNameCharsMax &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  std::string_view("/!#$&^_.+-").find(c) != std::string_view::npos;
         });
}

// What is left of a file's name: no path, no control characters.
std::string clean_name(std::string_view name) {
  const std::size_t slash = name.find_last_of("/\\");
  if (slash != std::string_view::npos) name.remove_prefix(slash + 1);
  name = base::trim(name);
  const bool controls = std::any_of(name.begin(), name.end(), [](char c) {
    return static_cast<std::uint8_t>(c) < 0x20 || static_cast<std::uint8_t>(c) == 0x7F;
  });
  if (name.empty() || name == "." || name == ".." || controls || !base::is_utf8(name) ||
      base::code_points(name) > base::limits::kNameCharsMax) {
    throw base::invalid("file", "name", "The file needs a name of 1 to 200 characters.");
  }
  return std::string(name);
}

bool may_see_entry(db::Tx& tx, const catalog::Sight& sight, const base::Id& entry) {
  try {
    static_cast<void>(load_history(tx, entry, sight));
    return true;
  } catch (const base::Error& error) {
    if (error.code() != base::Code::kNotFound) throw;
    return false;
  }
}

constexpr const char* kInsert = R"(
  INSERT INTO attachments (business, id, name, media_type, size, sha256, created_by_kind,
                           created_by, created_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9))";
constexpr const char* kFind = R"(
  SELECT name, media_type, size, sha256, created_by FROM attachments
  WHERE business = $1 AND id = $2)";
constexpr const char* kUses = R"(
  SELECT entry FROM attachment_uses WHERE business = $1 AND attachment = $2)";

bool may_see(db::Tx& tx, const access::Actor& actor, const catalog::Sight& sight,
             const base::Id& id, const base::Id& uploader) {
  bool used = false;
  db::Rows rows = tx.query_derived(kUses, {tx.business(), id});
  while (rows.next()) {
    if (may_see_entry(tx, sight, rows->id(0))) return true;
    used = true;
  }
  return !used && (sight.all || uploader == actor.id);
}

}  // namespace

std::string media_type_of(std::string_view bytes, std::string_view claimed) {
  static constexpr std::string_view kData = "application/octet-stream";
  magic_set* magic = magic_handle();
  const char* found = magic != nullptr ? magic_buffer(magic, bytes.data(), bytes.size()) : nullptr;
  const std::string_view type = found != nullptr ? found : kData;
  const bool vague = type == kData || type == "text/plain" || type == "application/x-empty";
  const std::string_view base_claim = base::trim(claimed.substr(0, claimed.find(';')));
  if (vague && is_media_type(base_claim)) return base::ascii_lower(base_claim);
  return std::string(type);
}

Attachment keep_attachment(db::Tx& tx, const access::Actor& actor, Attachment attachment) {
  attachment.name = clean_name(attachment.name);
  attachment.id = base::make_id(tx.now());
  tx.execute(kInsert,
             {tx.business(), attachment.id, attachment.name, attachment.media_type, attachment.size,
              base::ByteSpan(attachment.sha256), recorded_by(actor).kind, actor.id, tx.now()});
  return attachment;
}

Attachment find_attachment(db::Tx& tx, const access::Actor& actor, const catalog::Sight& sight,
                           const base::Id& id) {
  Attachment attachment;
  base::Id uploader;
  {
    db::Rows rows = tx.query(kFind, {tx.business(), id});
    if (!rows.next()) throw base::not_found("attachment");
    attachment.id = id;
    attachment.name = rows->string(0);
    attachment.media_type = rows->string(1);
    attachment.size = rows->integer(2);
    const base::ByteSpan digest = rows->blob(3);
    std::copy(digest.begin(), digest.end(), attachment.sha256.begin());
    uploader = rows->id(4);
  }
  if (!may_see(tx, actor, sight, id, uploader)) throw base::not_found("attachment");
  return attachment;
}

namespace {

constexpr std::int64_t kDropMax = 500;  // of one transaction
constexpr const char* kBusinesses = "SELECT business FROM businesses ORDER BY business";
constexpr const char* kUnused = R"(
  SELECT a.id, a.sha256 FROM attachments a
  WHERE a.business = $1 AND a.created_at < $2
    AND NOT EXISTS (SELECT 1 FROM attachment_uses u
                    WHERE u.business = a.business AND u.attachment = a.id)
  LIMIT $3)";
constexpr const char* kUsed = R"(
  SELECT 1 FROM attachment_uses WHERE business = $1 AND attachment = $2 LIMIT 1)";
constexpr const char* kDrop = "DELETE FROM attachments WHERE business = $1 AND id = $2";
// Of any business: where files are shared (db/blobs.h), their rows are seen here.
constexpr const char* kSameBytes = "SELECT 1 FROM attachments WHERE sha256 = $1 LIMIT 1";
constexpr const char* kEnd = "SELECT coalesce(max(pos), 0) FROM journal";

struct Old {
  base::Id id;
  base::Digest sha256{};
};

// An entry that is not derived yet may name a file; then nothing is dropped this time.
bool all_derived(db::Tx& tx) {
  const std::int64_t applied = ledger::applied_pos(tx);
  db::Rows rows = tx.query(kEnd, {});
  CHECK(rows.next());
  return rows->integer(0) == applied;
}

std::vector<Old> unused_attachments(db::Tx& tx, base::Micros before) {
  std::vector<Old> found;
  db::Rows rows = tx.query(kUnused, {tx.business(), before, kDropMax});
  while (rows.next()) {
    found.push_back({rows->id(0), {}});
    const base::ByteSpan digest = rows->blob(1);
    std::copy(digest.begin(), digest.end(), found.back().sha256.begin());
  }
  return found;
}

std::int64_t drop_unused(db::Database& database, db::BusinessKey business, base::Micros before) {
  const auto unused =
      database.read(business, [&](db::Tx& tx) { return unused_attachments(tx, before); });
  if (unused.empty()) return 0;
  return database.write(business, [&](db::Tx& tx) -> std::int64_t {
    if (!all_derived(tx)) return 0;
    std::int64_t dropped = 0;
    for (const Old& file : unused) {
      if (tx.query_derived(kUsed, {business, file.id}).next()) continue;
      dropped += tx.execute(kDrop, {business, file.id});
      if (tx.query(kSameBytes, {base::ByteSpan(file.sha256)}).next()) continue;
      tx.on_commit([&database, business, digest = file.sha256] {
        database.blobs().remove(business, digest);
      });
    }
    return dropped;
  });
}

}  // namespace

std::int64_t drop_unused_attachments(db::Database& database, base::Micros before) {
  const auto businesses = database.read_as_is(db::kNoBusiness, [](db::Tx& tx) {
    std::vector<db::BusinessKey> all;
    db::Rows rows = tx.query(kBusinesses, {});
    while (rows.next()) all.push_back(rows->integer(0));
    return all;
  });
  std::int64_t dropped = 0;
  for (const db::BusinessKey business : businesses) {
    dropped += drop_unused(database, business, before);
  }
  return dropped;
}

}  // namespace annals::entries
