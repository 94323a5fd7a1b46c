// Where the next page of a list begins, as text that only its list takes back.
#pragma once
#include <string>
#include <string_view>

#include "http/message.h"

namespace annals::http {

/// The `next_cursor` of a page that ended at `place`. `list` names the list, its filters and order.
[[nodiscard]] std::string make_cursor(std::string_view list, std::string_view place);

/// The place in the request's `cursor`; empty where it has none. kMalformed (`cursor`) where it is
/// no cursor, or one of another list, other filters or another order.
[[nodiscard]] std::string open_cursor(const Request& request, std::string_view list);

}  // namespace annals::http
