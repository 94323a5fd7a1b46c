// Instants from cells: a pattern after strptime(3), a zone, and a shift.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/time.h"
#include "transfer/mapping_text.h"
#include "transfer/template.h"

namespace annals::transfer {

/// What a pattern read: a local date and time, or, with an offset, an instant.
struct ReadTime {
  base::Day day = 0;
  std::int64_t micros = 0;  // since midnight
  std::optional<std::int64_t> offset_seconds{};
};

/// `rfc3339`, `date`, `unix`, `unix_ms`; `ymd`, `dmy`, `mdy` for dates as people write them in that
/// order, which a time may follow; or a pattern of %Y %y %m %d %b %H %I %M %S %f %p %z %% and
/// other characters, which must stand as they are. %b is an English month (three letters or whole),
/// %f a fraction of up to nine digits, %z is Z, +02:00 or +0200, %y is 1969 to 2068. Numbers may
/// lack leading zeros, except where digits follow at once.
class TimePattern {
 public:
  /// Throws kInvalid at `place`.
  static TimePattern compile(const std::string& text, const Place& place);
  /// Nothing where `text` is not of the pattern, or is no date.
  [[nodiscard]] std::optional<ReadTime> read(std::string_view text) const;
  /// For errors.
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  enum class Kind { kPattern, kRfc3339, kUnixSeconds, kUnixMillis, kUsual };
  Kind kind_ = Kind::kPattern;
  std::string text_;
};

struct TimeRule {
  Template text;
  std::string name;  // of what is read, for errors
  TimePattern pattern;
  std::string zone;
  std::int64_t shift_days = 0;              // calendar days in the zone
  std::int64_t shift_seconds = 0;           // after that
  std::optional<std::int64_t> at_second{};  // of the day in the zone, in place of the time read

  /// Whether there is nothing to read in this row.
  [[nodiscard]] bool is_empty(Cells cells) const;
  /// Throws kInvalid (field: the name) where what is read is empty or not of the pattern.
  [[nodiscard]] base::Micros instant(Cells cells) const;
};

/// Reads `column` or `text`, `format`, `zone`, `shift_days`, `shift_minutes`, `at` of a table, or
/// finds a [times] by its name, or by `time = "name"` with a shift of its own.
[[nodiscard]] TimeRule compile_time(const Value& value, const Names& names,
                                    const std::map<std::string, TimeRule>& named,
                                    const std::string& default_zone);

}  // namespace annals::transfer
