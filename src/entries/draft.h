// Reading drafts and corrections from JSON: what can be checked without the database, all faults at
// once.
#pragma once
#include "base/fields.h"
#include "base/json.h"
#include "entries/entries.h"

namespace annals::entries {

/// Reads the members of a draft that belong to the entry itself. `contact`, `create_contact` and
/// `task` are the caller's to read; so is finish().
[[nodiscard]] Draft parse_draft(base::Fields& body, const base::Json& json);

/// The member `occurred_at`, which every fact has.
[[nodiscard]] std::optional<base::Micros> occurred_at_of(base::Fields& body);

/// A patch of an entry: omitted members keep, null clears.
struct Correction {
  Draft values;      // holds a value where the member is given and not null
  base::Json given;  // the received object, to tell omitted from null
  std::string reason;

  [[nodiscard]] bool has(std::string_view member) const { return given.find(member) != nullptr; }
};

/// Throws kInvalid; `contact`, `type`, `source`, `source_id` are refused with `fixed`.
[[nodiscard]] Correction parse_correction(const base::Json& json);

/// The reason of a retraction.
[[nodiscard]] std::string parse_retraction(const base::Json& json);

}  // namespace annals::entries
