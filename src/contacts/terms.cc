#include "contacts/terms.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"
#include "base/fold.h"
#include "base/phone.h"
#include "base/text.h"
#include "contacts/profile.h"
#include "db/db.h"

namespace annals::contacts {
namespace {

constexpr std::size_t kPhoneDigitsMin = 4;  // fewer say nothing about a phone number
constexpr std::size_t kPiecesMax = 8;       // of one value

// How many digits of an E.164 number are the country calling code (ITU-T E.164.D).
std::size_t calling_code_size(std::string_view digits) {
  static constexpr std::string_view kTwoDigits[] = {
      "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46",
      "47", "48", "49", "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63",
      "64", "65", "66", "81", "82", "84", "86", "90", "91", "92", "93", "94", "95", "98"};
  if (digits.starts_with('1') || digits.starts_with('7')) return 1;
  const bool two = std::any_of(std::begin(kTwoDigits), std::end(kTwoDigits),
                               [&](std::string_view code) { return digits.starts_with(code); });
  return two ? 2 : 3;
}

std::string without_zeros(std::string_view digits) {
  const std::size_t begin = digits.find_first_not_of('0');
  return begin == std::string_view::npos ? std::string() : std::string(digits.substr(begin));
}

void add_once(std::vector<std::string>& texts, std::string text) {
  if (text.empty() || std::find(texts.begin(), texts.end(), text) != texts.end()) return;
  texts.push_back(std::move(text));
}

bool is_dialled(char c) {
  return (c >= '0' && c <= '9') || std::string_view("+()-./").find(c) != std::string_view::npos;
}

// Parts of a number that people type without what stands before it: "K-1001" is found by "1001".
std::vector<std::string> pieces_of(std::string_view text) {
  std::vector<std::string> pieces;
  for (base::Token& token : base::analyse(text)) {
    if (pieces.size() == kPiecesMax) break;
    add_once(pieces, std::move(token.word));
  }
  return pieces;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(separators), text.size());
    if (end > 0) parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

// Neither a letter nor a digit is in it.
bool says_nothing(const Chunk& chunk) {
  return chunk.words.empty() && chunk.digits.empty() && chunk.parts.empty();
}

Chunk chunk_of(std::string_view text, const std::string& country) {
  Chunk chunk;
  for (base::Token& token : base::analyse(text)) chunk.words.push_back(std::move(token.word));
  chunk.whole = squeezed(text);
  // "@example.com" asks for a domain.
  if (chunk.whole.size() > 1 && chunk.whole.front() == '@') chunk.whole.erase(0, 1);
  if (!std::all_of(text.begin(), text.end(), is_dialled)) return chunk;
  const std::string digits = digits_of(text);
  if (digits.size() < kPhoneDigitsMin) return chunk;
  add_once(chunk.digits, digits);
  // The trunk prefix 0 and the international 00 are in no stored number.
  const std::string national = without_zeros(digits);
  if (national.size() >= kPhoneDigitsMin - 1) add_once(chunk.digits, national);
  // Where another trunk prefix was dialled; else the digits are those of the national number.
  const auto e164 = base::phone_e164(text, country);
  if (e164 && !e164->ends_with(national)) add_once(chunk.digits, e164->substr(1));
  return chunk;
}

}  // namespace

std::string term(db::BusinessKey business, Field field, std::string_view text) {
  std::string out = std::to_string(business);
  out += static_cast<char>(field);
  out += text;
  return out;
}

std::string squeezed(std::string_view text) {
  const std::string folded = base::fold_case(text);
  std::string out;
  const std::uint8_t* bytes = base::as_bytes(folded).data();
  const auto size = static_cast<std::int32_t>(folded.size());
  for (std::int32_t at = 0; at < size;) {
    const std::int32_t from = at;
    UChar32 c = 0;
    U8_NEXT(bytes, at, size, c);
    if (c <= 0 || !u_isgraph(c)) continue;
    out.append(folded, static_cast<std::size_t>(from), static_cast<std::size_t>(at - from));
  }
  return out;
}

std::string tag_text(std::string_view tag) { return base::hex(base::as_bytes(tag)); }

std::string tag_of(std::string_view text) {
  const auto bytes = base::from_hex(text);
  CHECK(bytes);
  return std::string(base::as_text(*bytes));
}

std::vector<std::string> name_texts(const Profile& profile) {
  std::vector<std::string> texts;
  for (const std::string* name :
       {&profile.given_name, &profile.family_name, &profile.organization_name}) {
    for (base::Token& token : base::analyse(*name)) add_once(texts, std::move(token.word));
  }
  return texts;
}

std::vector<std::string> email_texts(std::string_view address) {
  std::vector<std::string> texts;
  const std::string whole = squeezed(address);
  add_once(texts, whole);
  const std::size_t at = std::min(whole.find('@'), whole.size());
  for (const std::string_view piece : split(std::string_view(whole).substr(0, at), ".+-_")) {
    if (texts.size() == kPiecesMax) break;
    if (!whole.starts_with(piece)) add_once(texts, std::string(piece));
  }
  // The domain and those above it, but not the topmost.
  std::string_view domain = std::string_view(whole).substr(std::min(at + 1, whole.size()));
  while (domain.find('.') != std::string_view::npos) {
    add_once(texts, std::string(domain));
    domain.remove_prefix(domain.find('.') + 1);
  }
  return texts;
}

std::vector<std::string> number_texts(std::string_view number) {
  std::vector<std::string> texts;
  add_once(texts, squeezed(number));
  for (std::string& piece : pieces_of(number)) add_once(texts, std::move(piece));
  return texts;
}

std::vector<std::string> phone_texts(const Phone& phone) {
  std::vector<std::string> texts;
  if (!phone.e164) {
    const std::string digits = digits_of(phone.number);
    add_once(texts, digits);
    add_once(texts, without_zeros(digits));
    return texts;
  }
  const std::string digits = phone.e164->substr(1);
  add_once(texts, digits);
  add_once(texts, digits.substr(calling_code_size(digits)));
  return texts;
}

std::vector<std::string> terms_of(db::BusinessKey business, const Profile& profile, bool merged) {
  std::vector<std::string> terms;
  const auto add = [&](Field field, std::string_view text) {
    if (!text.empty()) terms.push_back(term(business, field, text));
  };
  for (const std::string& text : name_texts(profile)) add(Field::kName, text);
  for (const Email& email : profile.emails) {
    for (const std::string& text : email_texts(email.address)) add(Field::kEmail, text);
  }
  for (const std::string& text : number_texts(profile.client_number)) {
    add(Field::kClientNumber, text);
  }
  for (const Uid& uid : profile.uids) {
    for (const std::string& text : number_texts(uid.external_id)) add(Field::kUid, text);
  }
  for (const Phone& phone : profile.phones) {
    const auto texts = phone_texts(phone);
    for (const std::string& text : texts) add(Field::kPhone, text);
    // Every form ends alike, so that the longest has all endings.
    add(Field::kPhoneReversed, std::string(texts.front().rbegin(), texts.front().rend()));
  }
  for (const std::string& tag : profile.tags) add(Field::kTag, tag_text(tag));
  if (profile.organization_id) add(Field::kOrganization, base::hex(profile.organization_id->bytes));
  add(Field::kKind, profile.organization ? "o" : "p");
  add(Field::kArchived, profile.archived ? "1" : "0");
  if (merged) add(Field::kMerged, "1");
  std::sort(terms.begin(), terms.end());
  terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
  return terms;
}

std::vector<Chunk> parse_query(std::string_view query, const std::string& country) {
  const auto texts = split(query, " \t\n\r\f\v");
  std::vector<Chunk> chunks;
  for (std::size_t i = 0; i < texts.size();) {
    std::size_t end = i;
    while (end < texts.size() && std::all_of(texts[end].begin(), texts[end].end(), is_dialled)) {
      ++end;
    }
    if (end <= i + 1) {
      chunks.push_back(chunk_of(texts[i++], country));
      continue;
    }
    // Numbers in a row are one phone number, or each its own.
    std::string joined;
    Chunk row;
    for (; i < end; ++i) {
      joined += texts[i];
      row.parts.push_back(chunk_of(texts[i], country));
    }
    std::erase_if(row.parts, says_nothing);
    row.digits = chunk_of(joined, country).digits;
    chunks.push_back(std::move(row));
  }
  std::erase_if(chunks, says_nothing);
  return chunks;
}

}  // namespace annals::contacts
