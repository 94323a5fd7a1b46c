#include "base/fold.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/stringpiece.h>
#include <unicode/utypes.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "base/error.h"

namespace annals::base {
namespace {

constexpr std::size_t kAddressBytesMax = 254;  // RFC 5321 §4.5.3.1.3, less the angle brackets
constexpr std::size_t kLocalBytesMax = 64;
constexpr std::size_t kLabelBytesMax = 63;

bool is_beyond_ascii(char c) { return static_cast<unsigned char>(c) >= 0x80; }

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// RFC 5322's atext, or beyond ASCII.
bool is_local_character(char c) {
  constexpr std::string_view kMarks = "!#$%&'*+-/=?^_`{|}~.";
  return is_alphanumeric(c) || is_beyond_ascii(c) || kMarks.find(c) != std::string_view::npos;
}

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > kLabelBytesMax) return false;
  if (label.front() == '-' || label.back() == '-') return false;
  return std::all_of(label.begin(), label.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-' || is_beyond_ascii(c); });
}

bool is_domain(std::string_view domain) {
  if (domain.find('.') == std::string_view::npos) return false;
  for (;;) {
    const std::size_t dot = domain.find('.');
    if (!is_label(domain.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    domain.remove_prefix(dot + 1);
  }
}

}  // namespace

std::string fold_case(std::string_view text) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* folding = icu::Normalizer2::getNFKCCasefoldInstance(status);
  CHECK(U_SUCCESS(status) && folding != nullptr);
  std::string out;
  icu::StringByteSink<std::string> sink(&out, static_cast<std::int32_t>(text.size()));
  folding->normalizeUTF8(0, icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())),
                         sink, nullptr, status);
  CHECK(U_SUCCESS(status));
  return out;
}

bool is_email(std::string_view text) {
  if (text.size() > kAddressBytesMax || !is_utf8(text)) return false;
  const std::size_t at = text.find('@');
  if (at == std::string_view::npos || at == 0 || at > kLocalBytesMax) return false;
  const std::string_view local = text.substr(0, at);
  // Dots at the ends or in pairs are let pass: providers gave out such addresses against RFC 5322.
  if (local.find_first_not_of('.') == std::string_view::npos) return false;
  return std::all_of(local.begin(), local.end(), is_local_character) &&
         is_domain(text.substr(at + 1));
}

}  // namespace annals::base
