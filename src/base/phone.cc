#include "base/phone.h"

#include <phonenumbers/phonenumber.pb.h>
#include <phonenumbers/phonenumberutil.h>
#include <unicode/timezone.h>
#include <unicode/unistr.h>
#include <unicode/utypes.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace annals::base {
namespace {

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

const PhoneNumberUtil& phones() { return *PhoneNumberUtil::GetInstance(); }

// libphonenumber's name of "no country is known".
constexpr const char* kUnknownRegion = "ZZ";

}  // namespace

std::optional<std::string> phone_e164(std::string_view raw, std::string_view country) {
  PhoneNumber number;
  const std::string region = is_country(country) ? std::string(country) : kUnknownRegion;
  if (phones().Parse(std::string(raw), region, &number) != PhoneNumberUtil::NO_PARSING_ERROR ||
      phones().IsPossibleNumberWithReason(number) != PhoneNumberUtil::IS_POSSIBLE) {
    return std::nullopt;
  }
  std::string out;
  phones().Format(number, PhoneNumberUtil::E164, &out);
  return out;
}

std::string country_of_zone(std::string_view zone) {
  UErrorCode status = U_ZERO_ERROR;
  std::array<char, 8> region{};
  const auto id =
      icu::UnicodeString::fromUTF8({zone.data(), static_cast<std::int32_t>(zone.size())});
  const std::int32_t length =
      icu::TimeZone::getRegion(id, region.data(), static_cast<std::int32_t>(region.size()), status);
  std::string country(region.data(), U_SUCCESS(status) ? static_cast<std::size_t>(length) : 0);
  return is_country(country) ? country : std::string();
}

bool is_country(std::string_view country) {
  static const std::set<std::string, std::less<>> known = [] {
    std::set<std::string> regions;
    phones().GetSupportedRegions(&regions);
    return std::set<std::string, std::less<>>(regions.begin(), regions.end());
  }();
  return known.contains(country);
}

}  // namespace annals::base
