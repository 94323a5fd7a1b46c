// Instants as text and days: RFC 3339 in, UTC with six decimals out; IANA zones of the system.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace annals::base {

/// `2016-05-02T12:30:00Z`, `…+02:00`, with up to nine decimals (cut to six), years 0001 to 9999,
/// a leap second (at the end of a UTC day) read as the next second. Nothing where it is anything
/// else.
[[nodiscard]] std::optional<Micros> parse_rfc3339(std::string_view text);

/// `2016-05-02T12:30:00.000000Z`.
[[nodiscard]] std::string format_rfc3339(Micros instant);

/// Whether the system's tzdata knows the zone (`Europe/Berlin`).
[[nodiscard]] bool is_zone(std::string_view zone);

/// Civil date, days since 1970-01-01.
using Day = std::int32_t;

/// `2016-05-02`. Nothing where it is no date.
[[nodiscard]] std::optional<Day> parse_date(std::string_view text);
[[nodiscard]] std::string format_date(Day day);

/// The date that clocks in `zone` show at `instant`. `zone` is one that is_zone() knows.
[[nodiscard]] Day day_in_zone(Micros instant, std::string_view zone);
/// The first instant of `day` in `zone`.
[[nodiscard]] Micros start_of_day(Day day, std::string_view zone);
/// The instant when clocks in `zone` show `day` and `second` of it (0..86399). A time that the zone
/// skips is taken as the first instant after the gap, a time that it has twice as the earlier one.
[[nodiscard]] Micros from_local(Day day, std::int64_t second, std::string_view zone);
/// Seconds since local midnight that clocks in `zone` show at `instant`.
[[nodiscard]] std::int64_t second_of_day(Micros instant, std::string_view zone);

}  // namespace annals::base
