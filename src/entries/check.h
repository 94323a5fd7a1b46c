// Whether what stands beside a record says the same as the record: for `annals verify`.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/id.h"
#include "entries/delivery.h"
#include "ledger/ledger.h"

namespace annals::entries {

struct RecordSlices;

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

/// A row of one of the timelines. It refers to where it was read from.
struct TimelineColumns {
  base::Micros recorded_at = 0;
  std::string_view category;
  std::string_view type;
  std::string_view contact_type;
  std::string_view method;
  std::string_view direction;
  std::string_view status;
  std::string_view actor_kind;
  base::ByteSpan staff;
  bool manual = false;
  bool has_attachment = false;
  base::ByteSpan author;
  std::string_view views;
  [[nodiscard]] bool same_as(const TimelineColumns& other) const;
};

/// What a record says of a file.
struct FileClaim {
  base::Id id;
  std::string name;
  std::string media_type;
  std::int64_t size = 0;
  std::string commitment;  // hex
};

/// What a record says of what stands beside it. It refers to the record's text and to itself.
class RecordCheck {
 public:
  /// `text` is a record that its leaf commits to. Throws kInternal where it cannot be read.
  RecordCheck(std::string_view text, const JournalColumns& columns);
  ~RecordCheck() = default;
  RecordCheck(const RecordCheck&) = delete;
  RecordCheck& operator=(const RecordCheck&) = delete;

  /// Names of columns that say something else.
  [[nodiscard]] const std::vector<std::string>& differences() const { return differences_; }
  /// What the timelines must have; nothing for a retraction. The author is that of this version.
  [[nodiscard]] const std::optional<TimelineColumns>& timeline() const { return timeline_; }
  /// Whether the timelines' author is that of the entry's first version.
  [[nodiscard]] bool author_is_of_first() const { return author_is_of_first_; }
  [[nodiscard]] const std::vector<FileClaim>& files() const { return files_; }

 private:
  void read_line(std::string_view text, const RecordSlices& slices, const JournalColumns& columns);

  std::vector<std::string> differences_;
  std::optional<TimelineColumns> timeline_;
  bool author_is_of_first_ = false;
  std::vector<FileClaim> files_;
  // What is not in the text as it stands in the columns.
  std::array<std::string, 6> decoded_;
  std::string views_;
  std::optional<base::Id> staff_;
  std::optional<base::Id> author_;
};

/// Names of columns that say something else than the record of a delivery event.
[[nodiscard]] std::vector<std::string> differences(const Delivery& delivery,
                                                   const JournalColumns& columns);
/// The status that the type of an entry tells of, from its record; empty for none. Throws
/// kInternal.
[[nodiscard]] std::string first_status(std::string_view record);

/// Who recorded it, for the timelines' author; nil where nobody did. Throws kInternal.
[[nodiscard]] base::Id author_of(std::string_view record);

}  // namespace annals::entries
