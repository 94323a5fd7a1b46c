// When two spellings count as one.
#pragma once
#include <string>
#include <string_view>

namespace annals::base {

/// `text` by Unicode's NFKC_Casefold (UAX #15, UTS #10): what differs in case, width or composition
/// alone becomes equal. `text` is UTF-8. Safe from any thread.
[[nodiscard]] std::string fold_case(std::string_view text);

/// Whether `text` looks like an e-mail address that mail can be sent to: RFC 5321's lengths, one
/// `@`, a domain of two labels or more; other scripts are allowed (RFC 6531), quoted local parts
/// and address literals are not.
[[nodiscard]] bool is_email(std::string_view text);

}  // namespace annals::base
