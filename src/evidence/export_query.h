// What an export asks for, as requests and commands say it. Private to evidence/.
#pragma once
#include <string>
#include <string_view>

#include "base/fields.h"
#include "entries/select.h"
#include "http/message.h"

namespace annals::evidence {

/// Reads `contact` and `filters` ({"category": ["payments"], "from": "2016-05-01"}); what is wrong
/// goes to `body`.
[[nodiscard]] entries::SelectQuery read_query(base::Fields& body);

/// `category=payments&from=2016-05-01`. Throws kInvalid (`filter`).
[[nodiscard]] http::Pairs parse_query_text(std::string_view text);

}  // namespace annals::evidence
