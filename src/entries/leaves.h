// The leaves of an entry: what the ledger holds of each of its versions.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "access/actor.h"
#include "base/encoding.h"
#include "base/id.h"
#include "db/db.h"

namespace annals::entries {

struct AttachmentSalt {
  base::Id id;
  base::Bytes salt;
};

struct EntryLeaf {
  std::int64_t version = 1;
  std::int64_t contact_seq = 0;
  std::uint64_t index = 0;
  base::Bytes leaf;
  std::string record;  // as committed to; empty where it was erased, as are the salts
  base::Bytes salt;
  std::vector<AttachmentSalt> attachments;
};

/// Oldest first. Throws kNotFound where there is no such entry, or `actor` may not see it.
[[nodiscard]] std::vector<EntryLeaf> entry_leaves(db::Tx& tx, const access::Actor& actor,
                                                  const base::Id& entry);

}  // namespace annals::entries
