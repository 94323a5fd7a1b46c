#include "base/language.h"

#include <unicode/uloc.h>
#include <unicode/utypes.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace annals::base {
namespace {

constexpr std::size_t kTagCharsMax = 35;  // RFC 5646 §4.4.1

}  // namespace

std::optional<std::string> language_tag(std::string_view text) {
  if (text.empty() || text.size() > kTagCharsMax) return std::nullopt;
  const std::string tag(text);
  std::array<char, ULOC_FULLNAME_CAPACITY> locale{};
  std::int32_t parsed = 0;
  UErrorCode status = U_ZERO_ERROR;
  const std::int32_t size = uloc_forLanguageTag(
      tag.c_str(), locale.data(), static_cast<std::int32_t>(locale.size()), &parsed, &status);
  if (U_FAILURE(status) || static_cast<std::size_t>(parsed) != tag.size()) return std::nullopt;
  if (size == 0) return tag == "und" ? std::optional(tag) : std::nullopt;
  std::array<char, ULOC_FULLNAME_CAPACITY> written{};
  status = U_ZERO_ERROR;
  const std::int32_t length =
      uloc_toLanguageTag(locale.data(), written.data(), static_cast<std::int32_t>(written.size()),
                         /*strict=*/1, &status);
  if (U_FAILURE(status) || length <= 0) return std::nullopt;
  return std::string(written.data(), static_cast<std::size_t>(length));
}

}  // namespace annals::base
