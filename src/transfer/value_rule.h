// JSON from cells: what `details` and `attributes` of a mapping hold. A cell stays a string unless
// the mapping declares another type.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "transfer/mapping_text.h"
#include "transfer/template.h"
#include "transfer/time_rule.h"

namespace annals::transfer {

struct Context {
  const Names& names;
  const std::map<std::string, TimeRule>& times;
  std::string zone;
};

class ValueRules {
 public:
  /// Each member of the table `value`: a template, a fixed number or boolean, a list of templates,
  /// `{ column, as }`, `{ time, as }`, or a table of the same. Throws kInvalid at the key at fault.
  static ValueRules compile(const Value& value, const Context& context);

  /// The object for a row, without members whose cell is empty. Throws kInvalid (field: the column)
  /// where a cell is not of the declared type.
  [[nodiscard]] base::Json render(Cells cells) const;

 private:
  // Nothing: leave the member out.
  using Render = std::function<std::optional<base::Json>(Cells)>;
  static Render compile_member(const Value& value, const Context& context);
  static Render compile_table(const Value& value, const Context& context);
  std::vector<std::pair<std::string, Render>> members_;
};

/// Money in minor units from `1.234,56` and the like. `group` may be '\0'. Nothing where it is no
/// such number, has more decimals than `digits`, or does not fit.
[[nodiscard]] std::optional<std::int64_t> minor_units(std::string_view text, char decimal,
                                                      char group, int digits);
/// `text` without the currency that stands beside the number: its code or its sign, or a minus sign
/// that typographers use (`1.234,50 €`, `EUR 90`, `−5`). Other currencies' stay.
[[nodiscard]] std::string without_currency(std::string_view text, const std::string& currency);
/// How many decimals the currency has (ISO 4217; 2 where it is not known).
[[nodiscard]] int currency_digits(const std::string& currency);

}  // namespace annals::transfer
