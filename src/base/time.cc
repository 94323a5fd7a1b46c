#include "base/time.h"

#include <date/date.h>
#include <date/tz.h>
#include <unicode/timezone.h>
#include <unicode/unistr.h>
#include <unicode/utypes.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/error.h"

namespace annals::base {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

// Reads exactly `count` digits at `at`.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return std::nullopt;
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

constexpr std::int64_t kMinutesPerDay = 24 * 60;
// 0001-01-01 to 10000-01-01, days since 1970.
constexpr Micros kFirstInstant = -719'162 * kMicrosPerDay;
constexpr Micros kInstantsEnd = 2'932'897 * kMicrosPerDay;

const date::time_zone* zone_named(std::string_view zone) {
  thread_local std::unordered_map<std::string, const date::time_zone*> known;
  const std::string name(zone);
  const auto it = known.find(name);
  if (it != known.end()) return it->second;
  const date::time_zone* found = nullptr;
  if (zone == "localtime") return nullptr;  // a link of the machine's, not a zone's name
  try {
    found = date::locate_zone(name);
  } catch (const std::runtime_error&) {
    return nullptr;
  }
  known.emplace(name, found);
  return found;
}

date::sys_time<microseconds> sys(Micros instant) {
  return date::sys_time<microseconds>(microseconds(instant));
}

constexpr std::int64_t kSecondsPerDay = 86'400;

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// The date library reads the transitions that tzdata lists, and those end in 2037. From 2038 on
// ICU's rules say when summer time begins and ends.
constexpr std::int64_t kFarFuture = 2'145'916'800;  // 2038-01-01, seconds since 1970

// Seconds that clocks in `zone` are before UTC at `second` since 1970.
std::int64_t far_offset(std::int64_t second, std::string_view zone) {
  thread_local std::unordered_map<std::string, std::unique_ptr<icu::TimeZone>> known;
  auto& tz = known[std::string(zone)];
  if (!tz) {
    tz.reset(icu::TimeZone::createTimeZone(
        icu::UnicodeString::fromUTF8({zone.data(), static_cast<std::int32_t>(zone.size())})));
  }
  if (*tz == icu::TimeZone::getUnknown()) {
    // Newer than ICU's data: as in the last year that tzdata lists.
    const date::sys_seconds last{seconds(kFarFuture - 1)};
    return zone_named(zone)->get_info(last).offset.count();
  }
  UErrorCode status = U_ZERO_ERROR;
  std::int32_t raw_ms = 0;
  std::int32_t summer_ms = 0;
  tz->getOffset(static_cast<UDate>(second) * 1000, 0, raw_ms, summer_ms, status);
  CHECK(U_SUCCESS(status));
  return (raw_ms + summer_ms) / 1000;
}

// from_local() by far_offset(), in seconds since 1970.
std::int64_t far_from_local(std::int64_t wall, std::string_view zone) {
  std::int64_t before = wall - kSecondsPerDay;
  std::int64_t after = wall + kSecondsPerDay;
  const std::int64_t first_offset = far_offset(before, zone);
  for (const std::int64_t offset : {first_offset, far_offset(after, zone)}) {
    if (far_offset(wall - offset, zone) == offset) return wall - offset;
  }
  // The zone skips that time: the change itself, the first second that has another offset.
  while (after - before > 1) {
    const std::int64_t middle = before + (after - before) / 2;
    (far_offset(middle, zone) == first_offset ? before : after) = middle;
  }
  return after;
}

// What clocks in `zone` show at `instant`, in seconds since 1970-01-01T00:00 of their own.
std::int64_t local_seconds(Micros instant, std::string_view zone) {
  const date::time_zone* tz = zone_named(zone);
  CHECK(tz != nullptr);
  const std::int64_t second = floor_div(instant, kMicrosPerSecond);
  if (second >= kFarFuture) return second + far_offset(second, zone);
  return second + tz->get_info(date::sys_seconds(seconds(second))).offset.count();
}

constexpr std::size_t kRfc3339Chars = 27;  // 2026-11-25T09:30:00.000000Z

// At least `width` digits. printf does the same in ten times the time, and a page has hundreds.
void append_digits(std::string& out, std::uint64_t value, std::size_t width) {
  std::array<char, 20> digits{};
  std::size_t at = digits.size();
  while (value > 0 || digits.size() - at < width) {
    digits.at(--at) = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  out.append(digits.data() + at, digits.size() - at);
}

}  // namespace

std::optional<Day> parse_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = digits(text, 0, 4);
  const auto month = digits(text, 5, 2);
  const auto day = digits(text, 8, 2);
  if (!year || !month || !day || *year == 0) return std::nullopt;
  const date::year_month_day ymd(date::year(*year), date::month(static_cast<unsigned>(*month)),
                                 date::day(static_cast<unsigned>(*day)));
  if (!ymd.ok()) return std::nullopt;
  return static_cast<Day>(date::sys_days(ymd).time_since_epoch().count());
}

std::string format_date(Day day) {
  const date::year_month_day ymd{date::sys_days(date::days(day))};
  const int year = static_cast<int>(ymd.year());
  std::string out;
  out.reserve(kRfc3339Chars);
  if (year < 0) out += '-';
  append_digits(out, static_cast<std::uint64_t>(std::abs(year)), 4);
  out += '-';
  append_digits(out, static_cast<unsigned>(ymd.month()), 2);
  out += '-';
  append_digits(out, static_cast<unsigned>(ymd.day()), 2);
  return out;
}

std::optional<Micros> parse_rfc3339(std::string_view text) {
  if (text.size() < 20 || (text[10] != 'T' && text[10] != 't' && text[10] != ' ')) {
    return std::nullopt;
  }
  const auto day = parse_date(text.substr(0, 10));
  const auto hour = digits(text, 11, 2);
  const auto minute = digits(text, 14, 2);
  const auto second = digits(text, 17, 2);
  if (!day || !hour || !minute || !second || text[13] != ':' || text[16] != ':') {
    return std::nullopt;
  }
  if (*hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  std::size_t at = 19;
  std::int64_t fraction = 0;
  if (text[at] == '.') {
    ++at;
    const std::size_t first = at;
    std::int64_t scale = kMicrosPerSecond;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
      scale /= 10;
      fraction += scale * (text[at] - '0');
      ++at;
    }
    if (at == first || at - first > 9) return std::nullopt;
  }
  std::int64_t offset_minutes = 0;
  const std::string_view zone = text.substr(at);
  if (zone != "Z" && zone != "z") {
    const auto offset_hour = digits(zone, 1, 2);
    const auto offset_minute = digits(zone, 4, 2);
    if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':' || !offset_hour ||
        !offset_minute || *offset_hour > 23 || *offset_minute > 59) {
      return std::nullopt;
    }
    offset_minutes = (*offset_hour * 60 + *offset_minute) * (zone[0] == '-' ? -1 : 1);
  }
  const std::int64_t minute_in_day = *hour * 60 + *minute - offset_minutes;
  // Leap seconds come at the end of a UTC day.
  if (*second == 60 && (minute_in_day + 1) % kMinutesPerDay != 0) return std::nullopt;
  const std::int64_t second_in_day = minute_in_day * 60 + *second;
  const Micros instant = *day * kMicrosPerDay + second_in_day * kMicrosPerSecond + fraction;
  if (instant < kFirstInstant || instant >= kInstantsEnd) return std::nullopt;
  return instant;
}

std::string format_rfc3339(Micros instant) {
  const auto day = date::floor<date::days>(sys(instant));
  const auto rest = static_cast<std::uint64_t>((sys(instant) - day).count());
  const std::uint64_t second = rest / kMicrosPerSecond;
  std::string out = format_date(static_cast<Day>(day.time_since_epoch().count()));
  out += 'T';
  append_digits(out, second / 3600, 2);
  out += ':';
  append_digits(out, second / 60 % 60, 2);
  out += ':';
  append_digits(out, second % 60, 2);
  out += '.';
  append_digits(out, rest % kMicrosPerSecond, 6);
  out += 'Z';
  return out;
}

bool is_zone(std::string_view zone) { return !zone.empty() && zone_named(zone) != nullptr; }

Day day_in_zone(Micros instant, std::string_view zone) {
  return static_cast<Day>(floor_div(local_seconds(instant, zone), kSecondsPerDay));
}

std::int64_t second_of_day(Micros instant, std::string_view zone) {
  const std::int64_t local = local_seconds(instant, zone);
  return local - floor_div(local, kSecondsPerDay) * kSecondsPerDay;
}

Micros from_local(Day day, std::int64_t second, std::string_view zone) {
  const date::time_zone* tz = zone_named(zone);
  CHECK(tz != nullptr);
  const date::local_time<seconds> local = date::local_days(date::days(day)) + seconds(second);
  const std::int64_t wall = local.time_since_epoch().count();
  if (wall >= kFarFuture) return far_from_local(wall, zone) * kMicrosPerSecond;
  const auto instant = tz->to_sys(local, date::choose::earliest);
  return std::chrono::duration_cast<microseconds>(instant.time_since_epoch()).count();
}

Micros start_of_day(Day day, std::string_view zone) { return from_local(day, 0, zone); }

}  // namespace annals::base
