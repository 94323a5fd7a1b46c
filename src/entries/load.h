// An entry as it stands, with all that was appended to it. Private to entries/.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "access/actor.h"
#include "base/id.h"
#include "catalog/catalog.h"
#include "db/db.h"
#include "entries/record.h"
#include "entries/record_text.h"

namespace annals::entries {

/// A row of the journal as it is shown.
struct StoredText {
  RecordText text;  // empty: erased
  std::int64_t contact_seq = 0;
  std::int64_t leaf_index = 0;
};

/// A row of the journal, read.
struct Stored {
  StoredText shown;
  std::int64_t pos = 0;
  Record record;
  base::Id contact_tag;
  bool erased = false;  // the record is blanked
};

[[nodiscard]] Stored load(db::Tx& tx, std::int64_t pos);
/// Of a row with the columns record, contact_seq and leaf_index, from `column` on.
[[nodiscard]] StoredText read_stored(const db::Row& row, int column);

/// An entry's first version, its corrections in order, and its retraction.
struct History {
  Stored first;
  std::vector<Stored> corrections;
  std::optional<Stored> retraction;
  [[nodiscard]] const Stored& latest() const {
    return corrections.empty() ? first : corrections.back();
  }
};

/// Up to what was known at `as_of` where given. Throws kNotFound where there is no such entry or
/// `sight` hides it. May be called in a read or a write transaction.
[[nodiscard]] History load_history(db::Tx& tx, const base::Id& entry, const catalog::Sight& sight,
                                   std::optional<base::Micros> as_of = std::nullopt);

}  // namespace annals::entries
