#include "base/text.h"

#include <unicode/brkiter.h>
#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/parseerr.h>
#include <unicode/translit.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utext.h>
#include <unicode/utypes.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace annals::base {
namespace {

// After NFKC_Casefold. The last two steps leave what is not Latin alone; Latin-ASCII writes small
// capitals as capitals, hence the ASCII lower case after it (see append_words).
constexpr const char* kFoldRules =
    ":: NFD;"
    "[[:Latin:][:Greek:][:Cyrillic:][:Hebrew:][:Arabic:]] { [:Mn:]+ > ;"
    ":: NFC;"
    ":: Latin-ASCII;";

// ICU's objects are costly to make and belong to one thread each.
struct Analyser {
  std::unique_ptr<icu::BreakIterator> breaks;
  std::unique_ptr<icu::Transliterator> fold;
  const icu::Normalizer2* casefold = nullptr;

  Analyser() {
    UErrorCode status = U_ZERO_ERROR;
    breaks.reset(icu::BreakIterator::createWordInstance(icu::Locale::getRoot(), status));
    CHECK(U_SUCCESS(status));
    UParseError where{};
    fold.reset(icu::Transliterator::createFromRules("annals-fold", kFoldRules, UTRANS_FORWARD,
                                                    where, status));
    CHECK(U_SUCCESS(status));
    casefold = icu::Normalizer2::getNFKCCasefoldInstance(status);
    CHECK(U_SUCCESS(status));
  }
};

Analyser& analyser() {
  thread_local Analyser instance;
  return instance;
}

std::string fold(std::string_view piece) {
  Analyser& icu = analyser();
  UErrorCode status = U_ZERO_ERROR;
  const auto source =
      icu::UnicodeString::fromUTF8({piece.data(), static_cast<std::int32_t>(piece.size())});
  icu::UnicodeString text = icu.casefold->normalize(source, status);
  CHECK(U_SUCCESS(status));
  icu.fold->transliterate(text);
  std::string out;
  text.toUTF8String(out);
  return out;
}

constexpr std::uint32_t kLettersAndDigits = U_GC_L_MASK | U_GC_N_MASK;
constexpr std::uint32_t kWordParts = kLettersAndDigits | U_GC_M_MASK;

// Reads the code point at `at` and moves on. `text` is UTF-8; a stray byte is U+FFFD.
UChar32 next_code_point(std::string_view text, std::size_t& at) {
  static constexpr UChar32 kReplacement = 0xFFFD;
  const auto lead = static_cast<std::uint8_t>(text[at++]);
  if (lead < 0x80) return lead;
  const std::size_t more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC2 ? 1 : 0;
  if (more == 0 || at + more > text.size()) return kReplacement;
  UChar32 c = lead & (0x3F >> more);
  for (std::size_t i = 0; i < more; ++i) {
    const auto next = static_cast<std::uint8_t>(text[at++]);
    c = (c << 6) | (next & 0x3F);
  }
  return c <= UCHAR_MAX_VALUE ? c : kReplacement;
}

std::string cut(std::string word) {
  if (word.size() <= kWordBytesMax) return word;
  std::size_t end = kWordBytesMax;
  while ((static_cast<std::uint8_t>(word[end]) & 0xC0U) == 0x80U) --end;
  word.resize(end);
  return word;
}

// Appends the words of one piece, that stands at [begin, end) of the text. Folding may have put
// signs between letters (`⅓` is 1⁄3), so it is parted once more.
void append_words(std::vector<Token>& tokens, std::string_view piece, std::size_t begin) {
  const std::string text = fold(piece);
  std::string word;
  bool has_letter = false;
  const auto finish = [&] {
    if (has_letter) tokens.push_back({cut(std::move(word)), begin, begin + piece.size()});
    word.clear();
    has_letter = false;
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t from = at;
    const UChar32 c = next_code_point(text, at);
    const std::uint32_t mask = U_GET_GC_MASK(c);
    if ((mask & kWordParts) == 0) {
      finish();
      continue;
    }
    has_letter = has_letter || (mask & kLettersAndDigits) != 0;
    if (c >= 'A' && c <= 'Z') {
      word += static_cast<char>(c - 'A' + 'a');
    } else {
      word.append(text, from, at - from);
    }
  }
  finish();
}

// Parts what ICU left whole at everything but letters, digits, marks and invisible characters.
void append_segment(std::vector<Token>& tokens, std::string_view text, std::size_t begin,
                    std::size_t end) {
  constexpr std::size_t kNoWord = std::string_view::npos;
  std::size_t first = kNoWord;
  std::size_t last = begin;
  const auto finish = [&] {
    if (first != kNoWord) append_words(tokens, text.substr(first, last - first), first);
    first = kNoWord;
  };
  const std::string_view until_end = text.substr(0, end);
  for (std::size_t at = begin; at < end;) {
    const std::size_t from = at;
    const std::uint32_t mask = U_GET_GC_MASK(next_code_point(until_end, at));
    if ((mask & kWordParts) != 0) {
      if (first == kNoWord) first = from;
      last = at;
    } else if ((mask & U_GC_CF_MASK) == 0) {
      finish();
    }
  }
  finish();
}

// Letters from À to ɏ and what they fold to, made once by the long way. Empty for the few that part
// a word (ŉ becomes 'n).
constexpr char32_t kLatinFirst = 0xC0;
constexpr char32_t kLatinEnd = 0x250;
struct LatinLetters {
  std::array<std::string, kLatinEnd - kLatinFirst> folded;

  LatinLetters() {
    for (char32_t c = kLatinFirst; c < kLatinEnd; ++c) {
      const std::array<char, 4> between{'x', static_cast<char>(0xC0U | (c >> 6U)),
                                        static_cast<char>(0x80U | (c & 0x3FU)), 'x'};
      const auto tokens = internal::analyse_by_icu({between.data(), between.size()});
      if (tokens.size() != 1) continue;
      folded[c - kLatinFirst] = tokens[0].word.substr(1, tokens[0].word.size() - 2);
    }
  }
};

constexpr std::string_view kAsciiFold =
    "                                                0123456789       "
    "abcdefghijklmnopqrstuvwxyz      abcdefghijklmnopqrstuvwxyz     ";
static_assert(kAsciiFold.size() == 128);

// The words of a text that holds nothing but ASCII, Latin letters as above, no-break spaces and
// general punctuation; nothing where it holds anything else. ICU sets no boundary between such
// letters and digits, so words are the runs of them.
std::optional<std::vector<Token>> analyse_latin(std::string_view text) {
  static const LatinLetters letters;
  std::vector<Token> tokens;
  Token token;
  const auto finish = [&](std::size_t end) {
    if (token.word.empty()) return;
    token.end = end;
    token.word = cut(std::move(token.word));
    tokens.push_back(std::exchange(token, {}));
  };
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = [&](std::size_t i) {
      return at + i < text.size() ? static_cast<std::uint8_t>(text[at + i]) : std::uint8_t{0};
    };
    const std::uint8_t lead = byte(0);
    std::size_t length = 1;
    std::string_view part;
    if (lead < 0x80) {
      part = kAsciiFold.substr(lead, 1);
      if (part == " ") part = {};
    } else if (lead >= 0xC3 && lead <= 0xC9 && (byte(1) & 0xC0U) == 0x80U) {
      const char32_t c = ((lead & 0x1FU) << 6U) | (byte(1) & 0x3FU);
      if (c >= kLatinEnd || letters.folded[c - kLatinFirst].empty()) return std::nullopt;
      length = 2;
      part = letters.folded[c - kLatinFirst];
    } else if (lead == 0xC2 && (byte(1) == 0xA0 || byte(1) == 0xAB || byte(1) == 0xBB)) {
      length = 2;  // no-break space, « and »
    } else if (lead == 0xE2 && byte(1) == 0x80 && byte(2) >= 0x90 && byte(2) <= 0xA6) {
      length = 3;  // U+2010 to U+2026: dashes, quotes, bullet, ellipsis
    } else {
      return std::nullopt;
    }
    if (part.empty()) {
      finish(at);
    } else {
      if (token.word.empty()) token.begin = at;
      token.word += part;
    }
    at += length;
  }
  finish(text.size());
  return tokens;
}

}  // namespace

std::vector<Token> internal::analyse_by_icu(std::string_view text) {
  CHECK(text.size() < static_cast<std::size_t>(INT32_MAX));
  std::vector<Token> tokens;
  icu::BreakIterator& breaks = *analyser().breaks;
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<UText, decltype(&utext_close)> view(
      utext_openUTF8(nullptr, text.data(), static_cast<std::int64_t>(text.size()), &status),
      &utext_close);
  breaks.setText(view.get(), status);
  CHECK(U_SUCCESS(status));
  std::int32_t begin = breaks.first();
  for (std::int32_t end = breaks.next(); end != icu::BreakIterator::DONE; end = breaks.next()) {
    append_segment(tokens, text, static_cast<std::size_t>(begin), static_cast<std::size_t>(end));
    begin = end;
  }
  return tokens;
}

std::vector<Token> analyse(std::string_view text) {
  if (auto tokens = analyse_latin(text)) return *std::move(tokens);
  return internal::analyse_by_icu(text);
}

std::string folded(std::string_view text) {
  std::string out;
  for (const Token& token : analyse(text)) {
    if (!out.empty()) out += ' ';
    out += token.word;
  }
  return out;
}

}  // namespace annals::base
