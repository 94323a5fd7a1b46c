#include "base/time.h"

#include <date/date.h>
#include <date/tz.h>

#include <array>
#include <cstdio>
#include <mutex>
#include <stdexcept>
#include <unordered_map>

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

const date::time_zone* zone_named(std::string_view zone) {
  thread_local std::unordered_map<std::string, const date::time_zone*> known;
  const std::string name(zone);
  const auto it = known.find(name);
  if (it != known.end()) return it->second;
  const date::time_zone* found = nullptr;
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
  std::array<char, 32> out{};
  const int length =
      std::snprintf(out.data(), out.size(), "%04d-%02u-%02u", static_cast<int>(ymd.year()),
                    static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()));
  return {out.data(), static_cast<std::size_t>(length)};
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
  const std::int64_t second_in_day = (*hour * 60 + *minute - offset_minutes) * 60 + *second;
  return *day * kMicrosPerDay + second_in_day * kMicrosPerSecond + fraction;
}

std::string format_rfc3339(Micros instant) {
  const auto day = date::floor<date::days>(sys(instant));
  const std::int64_t rest = (sys(instant) - day).count();
  const std::int64_t second = rest / kMicrosPerSecond;
  std::array<char, 48> out{};
  const int length =
      std::snprintf(out.data(), out.size(), "T%02d:%02d:%02d.%06dZ",
                    static_cast<int>(second / 3600), static_cast<int>(second / 60 % 60),
                    static_cast<int>(second % 60), static_cast<int>(rest % kMicrosPerSecond));
  return format_date(static_cast<Day>(day.time_since_epoch().count())) +
         std::string(out.data(), static_cast<std::size_t>(length));
}

bool is_zone(std::string_view zone) { return !zone.empty() && zone_named(zone) != nullptr; }

Day day_in_zone(Micros instant, std::string_view zone) {
  const date::time_zone* tz = zone_named(zone);
  CHECK(tz != nullptr);
  const auto local = tz->to_local(sys(instant));
  return static_cast<Day>(date::floor<date::days>(local).time_since_epoch().count());
}

std::int64_t second_of_day(Micros instant, std::string_view zone) {
  const date::time_zone* tz = zone_named(zone);
  CHECK(tz != nullptr);
  const auto local = tz->to_local(sys(instant));
  return std::chrono::floor<seconds>(local - date::floor<date::days>(local)).count();
}

Micros from_local(Day day, std::int64_t second, std::string_view zone) {
  const date::time_zone* tz = zone_named(zone);
  CHECK(tz != nullptr);
  const date::local_time<seconds> local = date::local_days(date::days(day)) + seconds(second);
  const auto instant = tz->to_sys(local, date::choose::earliest);
  return std::chrono::duration_cast<microseconds>(instant.time_since_epoch()).count();
}

Micros start_of_day(Day day, std::string_view zone) { return from_local(day, 0, zone); }

}  // namespace annals::base
