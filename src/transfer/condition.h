// Conditions on a row: `when = { column = "SMS_received", equals = "1" }`. A list of them holds
// where all hold; `{ any = [...] }` where one does.
#pragma once
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transfer/mapping_text.h"
#include "transfer/template.h"
#include "transfer/time_rule.h"

namespace annals::transfer {

/// Whether it holds for a row. Throws kInvalid (field: a column) where a time cannot be read, or a
/// pattern takes too long. One thread.
using Condition = std::function<bool(Cells)>;

/// Throws kInvalid at the key at fault.
[[nodiscard]] Condition compile_condition(const Value& value, const Names& names,
                                          const std::map<std::string, TimeRule>& times,
                                          const std::string& default_zone);

/// `text` as a decimal number; nothing where it is none.
[[nodiscard]] std::optional<double> number_in(std::string_view text);

}  // namespace annals::transfer
