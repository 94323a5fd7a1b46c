// Files that entries name. Uploaded first; a file that no entry names goes after a day.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "access/actor.h"
#include "base/hash.h"
#include "base/id.h"
#include "catalog/catalog.h"
#include "db/db.h"

namespace annals::entries {

struct Attachment {
  base::Id id;
  std::string name;
  std::string media_type;
  std::int64_t size = 0;
  base::Digest sha256{};
};

/// The media type of `bytes` by what they hold (libmagic); `claimed` where they tell no more than
/// that it is text or data.
[[nodiscard]] std::string media_type_of(std::string_view bytes, std::string_view claimed);

/// Keeps the row of a file whose bytes are kept already. Throws kInvalid (`file`) for a bad name.
Attachment keep_attachment(db::Tx& tx, const access::Actor& actor, Attachment attachment);

/// Throws kNotFound where there is none, or no entry that names it may be seen (the uploader sees
/// it before any entry names it).
[[nodiscard]] Attachment find_attachment(db::Tx& tx, const access::Actor& actor,
                                         const catalog::Sight& sight, const base::Id& id);

/// Drops files of every business that were uploaded before `before` and that no entry names; how
/// many. `database` must not be in a transaction.
std::int64_t drop_unused_attachments(db::Database& database, base::Micros before);

}  // namespace annals::entries
