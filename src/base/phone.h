// Phone numbers in E.164 (ITU-T), by libphonenumber.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace annals::base {

/// `+491711234567` from what people write. `country` (ISO 3166-1 alpha-2, may be empty) is where a
/// number without a prefix is from. Nothing where it is no possible number. Safe from any thread.
[[nodiscard]] std::optional<std::string> phone_e164(std::string_view raw, std::string_view country);

/// The country of an IANA zone by CLDR (`Europe/Berlin` → `DE`); empty where it is none or several
/// (`UTC`), or one without phone numbers.
[[nodiscard]] std::string country_of_zone(std::string_view zone);

/// Whether it is a region code that phone numbers can be from (`DE`).
[[nodiscard]] bool is_country(std::string_view country);

}  // namespace annals::base
