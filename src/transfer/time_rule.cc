#include "transfer/time_rule.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/time.h"
#include "transfer/mapping_text.h"
#include "transfer/template.h"

namespace annals::transfer {
namespace {

constexpr std::int64_t kShiftDaysMax = 36'600;
constexpr std::array<std::string_view, 12> kMonths = {
    "january", "february", "march",     "april",   "may",      "june",
    "july",    "august",   "september", "october", "november", "december"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// What a pattern fills in, conversion by conversion.
struct Fields {
  int year = 1970;
  int month = 1;
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  std::int64_t micros = 0;
  std::optional<bool> afternoon{};
  std::optional<std::int64_t> offset_seconds{};
};

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool literal(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  bool one_of(std::string_view characters) {
    if (at_end() || characters.find(text_[at_]) == std::string_view::npos) return false;
    ++at_;
    return true;
  }
  void skip_spaces() {
    while (literal(' ')) {
    }
  }
  // Of four digits, or, where it `may_be_short`, of two.
  bool year(bool may_be_short, Fields& out) {
    const std::size_t from = at_;
    if (convert('Y', false, out)) return true;
    at_ = from;
    return may_be_short && convert('y', false, out);
  }

  bool convert(char conversion, bool digits_follow, Fields& out) {
    const auto two = [&](int& field, int low, int high) {
      return number(field, digits_follow ? 2 : 1, 2) && field >= low && field <= high;
    };
    switch (conversion) {
      case 'Y':
        return number(out.year, 4, 4) && out.year >= 1;
      case 'y':
        if (!number(out.year, 2, 2)) return false;
        out.year += out.year >= 69 ? 1900 : 2000;
        return true;
      case 'm':
        return two(out.month, 1, 12);
      case 'd':
        return two(out.day, 1, 31);
      case 'H':
        return two(out.hour, 0, 23);
      case 'I':
        return two(out.hour, 1, 12);
      case 'M':
        return two(out.minute, 0, 59);
      case 'S':
        return two(out.second, 0, 60);
      case 'f':
        return fraction(out.micros);
      case 'b':
        return month_name(out.month);
      case 'p':
        return half_day(out.afternoon);
      case 'z':
        return offset(out.offset_seconds);
      default:
        return literal(conversion);  // %%
    }
  }

 private:
  bool number(int& out, std::size_t digits_min, std::size_t digits_max) {
    out = 0;
    std::size_t count = 0;
    while (count < digits_max && at_ < text_.size() && is_digit(text_[at_])) {
      out = out * 10 + (text_[at_++] - '0');
      ++count;
    }
    return count >= digits_min;
  }

  bool fraction(std::int64_t& micros) {
    std::int64_t scale = base::kMicrosPerSecond;
    std::size_t count = 0;
    for (; count < 9 && at_ < text_.size() && is_digit(text_[at_]); ++count, ++at_) {
      scale /= 10;
      micros += scale * (text_[at_] - '0');
    }
    return count > 0;
  }

  bool month_name(int& month) {
    const std::string rest = base::ascii_lower(text_.substr(at_, 9));
    for (std::size_t i = 0; i < kMonths.size(); ++i) {
      const bool whole = rest.starts_with(kMonths.at(i));
      if (!whole && !rest.starts_with(kMonths.at(i).substr(0, 3))) continue;
      at_ += whole ? kMonths.at(i).size() : 3;
      month = static_cast<int>(i) + 1;
      return true;
    }
    return false;
  }

  bool half_day(std::optional<bool>& afternoon) {
    const std::string word = base::ascii_lower(text_.substr(at_, 2));
    if (word != "am" && word != "pm") return false;
    at_ += 2;
    afternoon = word == "pm";
    return true;
  }

  bool offset(std::optional<std::int64_t>& seconds) {
    if (literal('Z') || literal('z')) {
      seconds = 0;
      return true;
    }
    const bool minus = literal('-');
    if (!minus && !literal('+')) return false;
    int hours = 0;
    int minutes = 0;
    if (!number(hours, 2, 2)) return false;
    (void)literal(':');
    if (!number(minutes, 2, 2) || hours > 23 || minutes > 59) return false;
    seconds = (hours * 60 + minutes) * std::int64_t{60} * (minus ? -1 : 1);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::optional<ReadTime> read_fields(const Fields& in) {
  int hour = in.hour;
  if (in.afternoon) hour = hour % 12 + (*in.afternoon ? 12 : 0);
  std::array<char, 32> date{};
  const int length =
      std::snprintf(date.data(), date.size(), "%04d-%02d-%02d", in.year, in.month, in.day);
  const auto day = base::parse_date({date.data(), static_cast<std::size_t>(length)});
  if (!day) return std::nullopt;
  const std::int64_t second = (hour * 60 + in.minute) * 60 + in.second;
  return ReadTime{*day, second * base::kMicrosPerSecond + in.micros, in.offset_seconds};
}

// An instant as one in UTC. Floors, so that instants before 1970 are right too.
ReadTime in_utc(base::Micros instant) {
  std::int64_t day = instant / base::kMicrosPerDay;
  if (instant % base::kMicrosPerDay < 0) --day;
  return {static_cast<base::Day>(day), instant - day * base::kMicrosPerDay, 0};
}

// 15:30, 15.30:05, 3:30 pm, 15:30+02:00
bool read_clock(Reader& reader, Fields& out) {
  if (!reader.convert('H', false, out) || !reader.one_of(":.h")) return false;
  if (!reader.convert('M', true, out)) return false;
  if (reader.one_of(":.") && !reader.convert('S', true, out)) return false;
  if (reader.one_of(".,") && !reader.convert('f', false, out)) return false;
  reader.skip_spaces();
  if (reader.at_end() || reader.convert('z', false, out)) return true;
  return reader.convert('p', false, out) && out.hour >= 1 && out.hour <= 12;
}

// Dates as people write them: `order` is ymd, dmy or mdy; 24.12.2024, 24/12/24, 2024-12-24 15:30.
std::optional<ReadTime> read_usual(std::string_view text, std::string_view order) {
  const std::string_view trimmed = base::trim(text);
  if (const auto instant = base::parse_rfc3339(trimmed)) return in_utc(*instant);
  Reader reader(trimmed);
  Fields fields;
  for (const char part : order) {
    if (part != order.front()) {
      if (!reader.one_of("./-")) return std::nullopt;
      reader.skip_spaces();
    }
    const bool read = part == 'y' ? reader.year(order.front() != 'y', fields)
                                  : reader.convert(part, false, fields);
    if (!read) return std::nullopt;
  }
  if (!reader.at_end()) {
    if (!reader.one_of(" ,T")) return std::nullopt;
    reader.skip_spaces();
    if (!read_clock(reader, fields) || !reader.at_end()) return std::nullopt;
  }
  return read_fields(fields);
}

std::optional<ReadTime> read_unix(std::string_view text, std::int64_t scale) {
  const bool minus = text.starts_with('-');
  const std::string_view digits = text.substr(minus ? 1 : 0);
  if (digits.empty() || digits.size() > 14) return std::nullopt;
  std::int64_t value = 0;
  for (const char c : digits) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  // 9999-12-31T23:59:59Z
  constexpr std::int64_t kSecondsMax = 253'402'300'799;
  if (value > kSecondsMax * (base::kMicrosPerSecond / scale)) return std::nullopt;
  return in_utc((minus ? -value : value) * scale);
}

std::int64_t compile_at(const Value& value) {
  const std::string text = value.text();
  static const std::array<const char*, 2> kForms = {"%H:%M:%S", "%H:%M"};
  for (const char* form : kForms) {
    const auto read = TimePattern::compile(form, value.place()).read(text);
    if (read) return read->micros / base::kMicrosPerSecond;
  }
  fail_at(value.place(), "time", "must be a time of day such as \"12:00\" or \"23:59:59\"");
}

}  // namespace

TimePattern TimePattern::compile(const std::string& text, const Place& place) {
  TimePattern out;
  out.text_ = text;
  if (text == "rfc3339") {
    out.kind_ = Kind::kRfc3339;
  } else if (text == "unix") {
    out.kind_ = Kind::kUnixSeconds;
  } else if (text == "unix_ms") {
    out.kind_ = Kind::kUnixMillis;
  } else if (text == "ymd" || text == "dmy" || text == "mdy") {
    out.kind_ = Kind::kUsual;
  } else if (text == "date") {
    out.text_ = "%Y-%m-%d";
  }
  if (out.kind_ != Kind::kPattern) return out;
  bool any = false;
  for (std::size_t at = 0; at < out.text_.size(); ++at) {
    if (out.text_[at] != '%') continue;
    ++at;
    if (at >= out.text_.size() ||
        std::string_view("YymdbHIMSfpz%").find(out.text_[at]) == std::string_view::npos) {
      fail_at(place, "format", "knows %Y %y %m %d %b %H %I %M %S %f %p %z %% and no other");
    }
    any = any || out.text_[at] != '%';
  }
  if (!any) {
    fail_at(place, "format",
            "must be rfc3339, date, ymd, dmy, mdy, unix, unix_ms or a pattern such as "
            "\"%d.%m.%Y %H:%M\"");
  }
  return out;
}

std::optional<ReadTime> TimePattern::read(std::string_view text) const {
  if (kind_ == Kind::kRfc3339) {
    const auto instant = base::parse_rfc3339(text);
    if (!instant) return std::nullopt;
    return in_utc(*instant);
  }
  if (kind_ == Kind::kUnixSeconds) return read_unix(text, base::kMicrosPerSecond);
  if (kind_ == Kind::kUnixMillis) return read_unix(text, base::kMicrosPerSecond / 1000);
  if (kind_ == Kind::kUsual) return read_usual(text, text_);
  Reader reader(text);
  Fields fields;
  for (std::size_t at = 0; at < text_.size(); ++at) {
    bool fits = false;
    if (text_[at] == '%') {
      const char conversion = text_[++at];
      const bool digits_follow = at + 1 < text_.size() && text_[at + 1] == '%';
      fits = reader.convert(conversion, digits_follow, fields);
    } else {
      fits = reader.literal(text_[at]);
    }
    if (!fits) return std::nullopt;
  }
  if (!reader.at_end()) return std::nullopt;
  return read_fields(fields);
}

bool TimeRule::is_empty(Cells cells) const { return base::trim(text.render(cells)).empty(); }

base::Micros TimeRule::instant(Cells cells) const {
  const std::string cell = text.render(cells);
  if (base::trim(cell).empty()) {
    throw base::invalid(name, "required", "is empty, and a time is to be read from it");
  }
  const auto read = pattern.read(cell);
  if (!read) {
    throw UnreadableCell(name, "time", cell, "is no time of the form " + pattern.text());
  }
  base::Day day = read->day;
  std::int64_t micros = read->micros;
  if (read->offset_seconds) {
    const base::Micros instant =
        day * base::kMicrosPerDay + micros - *read->offset_seconds * base::kMicrosPerSecond;
    if (shift_days == 0 && !at_second) return instant + shift_seconds * base::kMicrosPerSecond;
    day = base::day_in_zone(instant, zone);
    micros = base::second_of_day(instant, zone) * base::kMicrosPerSecond +
             (micros % base::kMicrosPerSecond);
  }
  if (at_second) micros = *at_second * base::kMicrosPerSecond;
  day += static_cast<base::Day>(shift_days);
  // A leap second (60) may carry into the next day.
  const std::int64_t second = std::min<std::int64_t>(micros / base::kMicrosPerSecond, 86'399);
  const std::int64_t carried = micros - second * base::kMicrosPerSecond;
  return base::from_local(day, second, zone) + carried + shift_seconds * base::kMicrosPerSecond;
}

TimeRule compile_time(const Value& value, const Names& names,
                      const std::map<std::string, TimeRule>& named,
                      const std::string& default_zone) {
  const auto find_named = [&](const Value& name) {
    const auto found = named.find(name.text());
    if (found == named.end()) {
      fail_at(name.place(), "unknown_time", "there is no table [times." + name.text() + "]");
    }
    return found->second;
  };
  if (value.is_text()) return find_named(value);
  Section section(value);
  TimeRule out;
  if (const auto name = section.take("time")) {
    out = find_named(*name);
  } else {
    if (const auto text = section.take("text")) {
      out.name = text->text();
      out.text = Template::compile(out.name, names, text->place());
    } else {
      const Value column = section.require("column");
      out.name = column.text();
      out.text = Template::of_column(names.column(out.name, column.place()), out.name);
    }
    const auto format = section.take("format");
    out.pattern = TimePattern::compile(format ? format->text() : "rfc3339",
                                       format ? format->place() : section.place());
    out.zone = default_zone;
  }
  if (const auto zone = section.take("zone")) {
    out.zone = zone->text();
    if (!base::is_zone(out.zone)) {
      fail_at(zone->place(), "zone", "\"" + out.zone + "\" is no IANA zone such as Europe/Berlin");
    }
  }
  if (const auto days = section.take("shift_days")) {
    out.shift_days += days->integer();
    if (out.shift_days < -kShiftDaysMax || out.shift_days > kShiftDaysMax) {
      fail_at(days->place(), "range", "must be within 36,600 days");
    }
  }
  if (const auto minutes = section.take("shift_minutes")) {
    if (minutes->integer() < -kShiftDaysMax * 1440 || minutes->integer() > kShiftDaysMax * 1440) {
      fail_at(minutes->place(), "range", "must be within 36,600 days");
    }
    out.shift_seconds += minutes->integer() * 60;
  }
  if (const auto at = section.take("at")) out.at_second = compile_at(*at);
  section.done();
  return out;
}

}  // namespace annals::transfer
