// Whether what stands beside a record says the same as the record: for `annals verify`.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/id.h"
#include "ledger/ledger.h"

namespace annals::entries {

/// A row of the journal without record and leaf.
struct JournalColumns {
  base::Id business;
  base::Id contact;
  base::Id entry;
  std::int64_t version = 1;
  ledger::Kind kind = ledger::Kind::kEntry;
  base::Micros recorded_at = 0;
  base::Micros occurred_at = 0;
};

/// A row of one of the timelines.
struct TimelineColumns {
  base::Micros recorded_at = 0;
  std::string category;
  std::string type;
  std::string contact_type;
  std::string method;
  std::string direction;
  std::string status;
  std::string actor_kind;
  base::Bytes staff;
  bool manual = false;
  bool has_attachment = false;
  base::Bytes author;
  std::string views;
  bool operator==(const TimelineColumns&) const = default;
};

/// What a record says of a file.
struct FileClaim {
  base::Id id;
  std::string name;
  std::string media_type;
  std::int64_t size = 0;
  std::string commitment;  // hex
};

struct RecordCheck {
  std::vector<std::string> differences;     // names of columns that say something else
  std::optional<TimelineColumns> timeline;  // what the timelines must have; none for a retraction
  std::vector<FileClaim> files;
};

/// `text` is a record that its leaf commits to. `author` of the result is set for private entries'
/// first versions alone. Throws kInternal or kMalformed where it cannot be read.
[[nodiscard]] RecordCheck check_record(std::string_view text, const JournalColumns& columns);

}  // namespace annals::entries
