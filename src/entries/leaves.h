// The leaves of an entry: what the ledger holds of each of its versions and delivery events.
#pragma once
#include <cstdint>
#include <optional>
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
  std::optional<base::Id> delivery;  // of a delivery event: its id, and `version` means nothing
  std::int64_t contact_seq = 0;
  std::uint64_t index = 0;
  base::Bytes leaf;
  std::string record;  // as committed to; empty where it was erased, as are the salts
  base::Bytes salt;
  std::vector<AttachmentSalt> attachments;
};

/// Versions in their order, then delivery events as they happened. Throws kNotFound where there is
/// no such entry, or `actor` may not see it.
[[nodiscard]] std::vector<EntryLeaf> entry_leaves(db::Tx& tx, const access::Actor& actor,
                                                  const base::Id& entry);

}  // namespace annals::entries
