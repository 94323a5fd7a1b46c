#include "transfer/condition.h"

#include <unicode/regex.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/time.h"
#include "transfer/mapping_text.h"
#include "transfer/template.h"
#include "transfer/time_rule.h"

namespace annals::transfer {
namespace {

// ICU counts steps of its matcher in units of about 10,000; this is a few hundred milliseconds.
constexpr std::int32_t kMatchStepsMax = 1'000;
constexpr std::int32_t kMatchStackBytesMax = 1 << 20;

struct Test {
  std::size_t column = 0;
  std::string column_name;
};

bool any_of(const std::vector<std::string>& texts, const std::string& cell) {
  return std::find(texts.begin(), texts.end(), cell) != texts.end();
}

std::vector<std::string> texts_of(const Value& value) {
  std::vector<std::string> out;
  for (const Value& item : value.list()) out.push_back(item.plain());
  return out;
}

Condition compile_match(const Value& value, const Test& test) {
  UErrorCode status = U_ZERO_ERROR;
  UParseError where{};
  const std::string expression = value.text();
  std::shared_ptr<icu::RegexPattern> pattern(
      icu::RegexPattern::compile(icu::UnicodeString::fromUTF8(expression), 0, where, status));
  if (U_FAILURE(status) != 0) {
    fail_at(value.place(), "pattern",
            "is no regular expression; see position " + std::to_string(where.offset + 1));
  }
  return [pattern, test](Cells cells) {
    UErrorCode failed = U_ZERO_ERROR;
    const auto text = icu::UnicodeString::fromUTF8(cells[test.column]);
    const std::unique_ptr<icu::RegexMatcher> matcher(pattern->matcher(text, failed));
    matcher->setTimeLimit(kMatchStepsMax, failed);
    matcher->setStackLimit(kMatchStackBytesMax, failed);
    const bool found = matcher->find(failed) != 0;
    if (U_FAILURE(failed) != 0) {
      throw base::invalid(test.column_name, "pattern",
                          "the mapping's regular expression takes too long on this cell");
    }
    return found;
  };
}

// A bound of less_than and the like.
double bound_of(const Value& value) {
  const auto bound = number_in(value.plain());
  if (!bound) fail_at(value.place(), "type", "must be a number");
  return *bound;
}

template <class Compare>
Condition compile_bound(const Value& value, std::size_t column, Compare compare) {
  return [column, bound = bound_of(value), compare](Cells cells) {
    const auto number = number_in(cells[column]);
    return number && compare(*number, bound);
  };
}

// The one test that a condition on a column makes.
Condition compile_test(const std::string& key, const Value& value, const Test& test) {
  const std::size_t column = test.column;
  if (key == "equals" || key == "not_equals") {
    return [column, text = value.plain(), wanted = key == "equals"](Cells cells) {
      return (cells[column] == text) == wanted;
    };
  }
  if (key == "in" || key == "not_in") {
    return [column, texts = texts_of(value), wanted = key == "in"](Cells cells) {
      return any_of(texts, cells[column]) == wanted;
    };
  }
  if (key == "empty" || key == "not_empty") {
    const bool wanted = value.flag() == (key == "empty");
    return [column, wanted](Cells cells) { return base::trim(cells[column]).empty() == wanted; };
  }
  if (key == "matches") return compile_match(value, test);
  if (key == "less_than") return compile_bound(value, column, std::less<>());
  if (key == "at_most") return compile_bound(value, column, std::less_equal<>());
  if (key == "greater_than") return compile_bound(value, column, std::greater<>());
  if (key == "at_least") return compile_bound(value, column, std::greater_equal<>());
  fail_at(value.place(), "unknown_key",
          "is no test; there are equals, not_equals, in, not_in, empty, not_empty, matches, "
          "less_than, at_most, greater_than and at_least");
}

// Two times of a row against each other.
Condition compile_order(Section& section, const TimeRule& time, const Names& names,
                        const std::map<std::string, TimeRule>& times, const std::string& zone) {
  static constexpr std::array<const char*, 4> kTests = {"before", "after", "day_before",
                                                        "day_after"};
  for (const std::string key : kTests) {
    const auto value = section.take(key);
    if (!value) continue;
    const TimeRule other = compile_time(*value, names, times, zone);
    const bool by_day = key.starts_with("day_");
    const bool before = key.ends_with("before");
    return [time, other, by_day, before](Cells cells) {
      base::Micros left = time.instant(cells);
      base::Micros right = other.instant(cells);
      if (by_day) {
        left = base::day_in_zone(left, time.zone);
        right = base::day_in_zone(right, time.zone);
      }
      return before ? left < right : left > right;
    };
  }
  fail_at(section.place(), "required", "compares a time with before, after, day_before, day_after");
}

Condition compile_one(const Value& value, const Names& names,
                      const std::map<std::string, TimeRule>& times, const std::string& zone) {
  Section section(value);
  Condition out;
  if (const auto alternatives = section.take("any")) {
    std::vector<Condition> conditions;
    for (const Value& item : alternatives->list()) {
      conditions.push_back(compile_one(item, names, times, zone));
    }
    if (conditions.empty()) fail_at(alternatives->place(), "required", "is empty");
    out = [conditions](Cells cells) {
      return std::any_of(conditions.begin(), conditions.end(),
                         [&](const Condition& condition) { return condition(cells); });
    };
  } else if (const auto time = section.take("time")) {
    out = compile_order(section, compile_time(*time, names, times, zone), names, times, zone);
  } else {
    const Value column = section.require("column");
    Test test{0, column.text()};
    test.column = names.column(test.column_name, column.place());
    const auto tests = section.rest();
    if (tests.empty()) {
      fail_at(section.place(), "required", "has a column and no test, such as equals = \"1\"");
    }
    if (tests.size() > 1) {
      fail_at(tests[1].second.place(), "one_test",
              "is a second test; write a list of conditions, which must all hold");
    }
    out = compile_test(tests[0].first, tests[0].second, test);
  }
  section.done();
  return out;
}

}  // namespace

std::optional<double> number_in(std::string_view text) {
  const std::string_view trimmed = base::trim(text);
  const std::string_view digits = trimmed.starts_with('+') ? trimmed.substr(1) : trimmed;
  double out = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), out,
                                      std::chars_format::general);
  if (result.ec != std::errc() || result.ptr != digits.data() + digits.size()) return std::nullopt;
  return out;
}

Condition compile_condition(const Value& value, const Names& names,
                            const std::map<std::string, TimeRule>& times,
                            const std::string& default_zone) {
  if (!value.is_list()) return compile_one(value, names, times, default_zone);
  std::vector<Condition> conditions;
  for (const Value& item : value.list()) {
    conditions.push_back(compile_one(item, names, times, default_zone));
  }
  return [conditions](Cells cells) {
    return std::all_of(conditions.begin(), conditions.end(),
                       [&](const Condition& condition) { return condition(cells); });
  };
}

}  // namespace annals::transfer
