// Language tags (BCP 47).
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace annals::base {

/// The tag as BCP 47 recommends to write it (`de-at` → `de-AT`); nothing where it is not
/// well-formed. Safe from any thread.
[[nodiscard]] std::optional<std::string> language_tag(std::string_view text);

}  // namespace annals::base
