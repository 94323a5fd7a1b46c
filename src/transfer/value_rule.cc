#include "transfer/value_rule.h"

#include <unicode/ucurr.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/json.h"
#include "base/time.h"
#include "transfer/mapping_text.h"
#include "transfer/template.h"
#include "transfer/time_rule.h"

namespace annals::transfer {
namespace {

using base::Json;

enum class As { kText, kInteger, kNumber, kBoolean, kList };

As compile_as(const Value& value) {
  const std::string name = value.text();
  if (name == "text") return As::kText;
  if (name == "integer") return As::kInteger;
  if (name == "number") return As::kNumber;
  if (name == "boolean") return As::kBoolean;
  if (name == "list") return As::kList;
  fail_at(value.place(), "unknown_value", "is text, integer, number, boolean or list");
}

// JSON's own spelling of numbers (RFC 8259, section 6), so that the cell can stand as it is.
bool is_json_number(std::string_view text, bool whole) {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const auto digits = [&] {
    const std::size_t from = at;
    while (at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0) ++at;
    return at - from;
  };
  const std::size_t first = at;
  const std::size_t count = digits();
  if (count == 0 || (count > 1 && text[first] == '0')) return false;
  if (whole) return at == text.size() && count <= 18;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

std::optional<bool> boolean_in(std::string_view text) {
  const std::string folded = base::ascii_lower(text);
  if (folded == "true" || folded == "1" || folded == "yes") return true;
  if (folded == "false" || folded == "0" || folded == "no") return false;
  return std::nullopt;
}

Json split(std::string_view text, char separator) {
  std::vector<Json> items;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(separator, at), text.size());
    const std::string_view item = base::trim(text.substr(at, end - at));
    if (!item.empty()) items.push_back(Json::string(std::string(item)));
    at = end + 1;
  }
  return Json::array(std::move(items));
}

Json typed(const std::string& cell, As as, char separator, const std::string& column) {
  const std::string_view text = base::trim(cell);
  switch (as) {
    case As::kText:
      return Json::string(cell);
    case As::kList:
      return split(cell, separator);
    case As::kInteger:
      if (is_json_number(text, true)) return Json::number_text(std::string(text));
      throw UnreadableCell(column, "integer", cell, "is no whole number");
    case As::kNumber:
      if (is_json_number(text, false)) return Json::number_text(std::string(text));
      throw UnreadableCell(column, "number", cell, "is no number such as 12.5");
    case As::kBoolean:
      if (const auto flag = boolean_in(text)) return Json::boolean(*flag);
      throw UnreadableCell(column, "boolean", cell, "is not true, false, yes, no, 1 or 0");
  }
  return {};
}

}  // namespace

ValueRules::Render ValueRules::compile_table(const Value& value, const Context& context) {
  Section section(value);
  if (const auto time = section.take("time")) {
    const TimeRule rule = compile_time(*time, context.names, context.times, context.zone);
    const auto as = section.take("as");
    const bool date = as && as->text() == "date";
    if (as && !date && as->text() != "instant") {
      fail_at(as->place(), "unknown_value", "is date or instant, of a time");
    }
    section.done();
    return [rule, date](Cells cells) -> std::optional<Json> {
      const base::Micros instant = rule.instant(cells);
      return Json::string(date ? base::format_date(base::day_in_zone(instant, rule.zone))
                               : base::format_rfc3339(instant));
    };
  }
  const auto column = section.take("column");
  if (!column) {
    return [rules = compile(value, context)](Cells cells) -> std::optional<Json> {
      return rules.render(cells);
    };
  }
  const std::string name = column->text();
  const std::size_t position = context.names.column(name, column->place());
  const auto as_value = section.take("as");
  const As as = as_value ? compile_as(*as_value) : As::kText;
  const auto separator = section.take("separator");
  if (separator && separator->text().size() != 1) {
    fail_at(separator->place(), "length", "must be one character");
  }
  const char split_at = separator ? separator->text()[0] : ',';
  const bool keep_empty = section.flag("keep_empty", false);
  section.done();
  return [name, position, as, split_at, keep_empty](Cells cells) -> std::optional<Json> {
    const std::string& cell = cells[position];
    if (base::trim(cell).empty()) {
      if (!keep_empty) return std::nullopt;
      return as == As::kText ? Json::string(cell) : Json();
    }
    return typed(cell, as, split_at, name);
  };
}

ValueRules::Render ValueRules::compile_member(const Value& value, const Context& context) {
  if (value.is_table()) return compile_table(value, context);
  if (value.is_integer()) {
    return [json = Json::number(value.integer())](Cells) -> std::optional<Json> { return json; };
  }
  if (value.is_flag()) {
    return [json = Json::boolean(value.flag())](Cells) -> std::optional<Json> { return json; };
  }
  if (value.is_list()) {
    std::vector<Template> items;
    for (const Value& item : value.list()) {
      items.push_back(Template::compile(item.text(), context.names, item.place()));
    }
    return [items](Cells cells) -> std::optional<Json> {
      std::vector<Json> out;
      for (const Template& item : items) {
        std::string text = item.render(cells);
        if (!text.empty()) out.push_back(Json::string(std::move(text)));
      }
      if (out.empty()) return std::nullopt;
      return Json::array(std::move(out));
    };
  }
  return [text = Template::compile(value.text(), context.names, value.place())](
             Cells cells) -> std::optional<Json> {
    std::string out = text.render(cells);
    if (out.empty()) return std::nullopt;
    return Json::string(std::move(out));
  };
}

ValueRules ValueRules::compile(const Value& value, const Context& context) {
  Section section(value);
  ValueRules out;
  for (const auto& [key, member] : section.rest()) {
    out.members_.emplace_back(key, compile_member(member, context));
  }
  return out;
}

base::Json ValueRules::render(Cells cells) const {
  std::vector<Json::Member> members;
  members.reserve(members_.size());
  for (const auto& [key, rule] : members_) {
    auto json = rule(cells);
    if (json) members.emplace_back(key, std::move(*json));
  }
  return Json::object(std::move(members));
}

std::optional<std::int64_t> minor_units(std::string_view text, char decimal, char group,
                                        int digits) {
  std::string_view rest = base::trim(text);
  const bool minus = rest.starts_with('-');
  if (minus || rest.starts_with('+')) rest.remove_prefix(1);
  std::int64_t value = 0;
  int decimals = -1;  // no decimal character yet
  bool any = false;
  for (const char c : rest) {
    if (c == decimal && decimals < 0) {
      decimals = 0;
    } else if (c == group && group != '\0' && any && decimals < 0) {
      continue;
    } else if (c >= '0' && c <= '9') {
      if (value > std::numeric_limits<std::int64_t>::max() / 10 - 10) return std::nullopt;
      value = value * 10 + (c - '0');
      any = true;
      if (decimals >= 0 && ++decimals > digits) return std::nullopt;
    } else {
      return std::nullopt;
    }
  }
  if (!any || decimals == 0) return std::nullopt;
  for (int i = std::max(decimals, 0); i < digits; ++i) {
    if (value > std::numeric_limits<std::int64_t>::max() / 10) return std::nullopt;
    value *= 10;
  }
  return minus ? -value : value;
}

namespace {

// How people write the currency, longest first: `EUR`, `CA$`, `$`.
std::vector<std::string> spellings(const std::string& currency) {
  std::vector<std::string> out{currency};
  auto code = icu::UnicodeString::fromUTF8(currency);
  for (const UCurrNameStyle style : {UCURR_SYMBOL_NAME, UCURR_NARROW_SYMBOL_NAME}) {
    UErrorCode status = U_ZERO_ERROR;
    std::int32_t length = 0;
    const char16_t* name =
        ucurr_getName(code.getTerminatedBuffer(), "en", style, nullptr, &length, &status);
    if (U_FAILURE(status) != 0) continue;
    icu::UnicodeString(name, length).toUTF8String(out.emplace_back());
  }
  return out;
}

std::string_view trim_wide(std::string_view text) {
  static constexpr std::array<std::string_view, 2> kWide = {"\xC2\xA0", "\xE2\x80\xAF"};  // NBSP
  for (bool again = true; again;) {
    again = false;
    text = base::trim(text);
    for (const std::string_view space : kWide) {
      if (text.starts_with(space)) text.remove_prefix(space.size()), again = true;
      if (text.ends_with(space)) text.remove_suffix(space.size()), again = true;
    }
  }
  return text;
}

}  // namespace

std::string without_currency(std::string_view text, const std::string& currency) {
  static constexpr std::string_view kMinus = "\xE2\x88\x92";
  std::string_view rest = trim_wide(text);
  const bool minus = rest.starts_with('-') || rest.starts_with(kMinus);
  if (minus) rest.remove_prefix(rest.front() == '-' ? 1 : kMinus.size());
  rest = trim_wide(rest);
  if (!rest.empty() && rest.find_first_not_of("0123456789.,'+-") != std::string_view::npos) {
    for (const std::string& spelling : spellings(currency)) {
      const bool before = rest.starts_with(spelling);
      if (!before && !rest.ends_with(spelling)) continue;
      if (before) rest.remove_prefix(spelling.size());
      if (!before) rest.remove_suffix(spelling.size());
      rest = trim_wide(rest);
      break;
    }
  }
  return (minus ? "-" : "") + std::string(rest);
}

int currency_digits(const std::string& currency) {
  UErrorCode status = U_ZERO_ERROR;
  auto code = icu::UnicodeString::fromUTF8(currency);
  const int digits = ucurr_getDefaultFractionDigits(code.getTerminatedBuffer(), &status);
  return U_FAILURE(status) != 0 ? 2 : digits;
}

}  // namespace annals::transfer
