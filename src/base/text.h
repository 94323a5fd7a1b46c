// How free text becomes words, the same for every engine, for queries and for highlighting.
//
// A word is what a person would type to find the text again. ICU's word boundaries (UAX #29, with
// dictionaries for Chinese, Japanese, Thai, Lao, Khmer and Burmese) part the text first. Inside
// what ICU leaves whole, everything but letters, digits and marks parts too: ICU alone would keep
// `anna@example.com`, `3.14`, `l'école` and `invoice_2024` as words that nobody finds by `example`,
// `école` or `2024`. Queries pass through the same analysis and their words are ANDed, so
// `don't` (`don`, `t`) still finds `don't`.
//
// Folding is NFKC_Casefold, then marks of Latin, Greek, Cyrillic, Hebrew and Arabic letters fall,
// then ICU's Latin-ASCII. Invisible format characters (a soft hyphen) neither part nor stay.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace annals::base {

/// Longer words are cut to so many bytes, at a code point.
inline constexpr std::size_t kWordBytesMax = 64;

/// A word of a text, folded: `größe` and `GROSSE` are both `grosse`, `Ørsted` is `orsted`.
struct Token {
  std::string word;
  std::size_t begin = 0;  // bytes of the text that it stands at
  std::size_t end = 0;
  bool operator==(const Token&) const = default;
};

/// The words of `text` (UTF-8) from left to right. A sign that folds to several words (`⅓`: `1`,
/// `3`) gives each the same place. Text of Latin letters alone takes a short way past ICU, with the
/// same result. Safe from any thread.
[[nodiscard]] std::vector<Token> analyse(std::string_view text);

/// The words of analyse() with one space between, for an index.
[[nodiscard]] std::string folded(std::string_view text);

namespace internal {
/// analyse() without the short way; tests compare the two.
[[nodiscard]] std::vector<Token> analyse_by_icu(std::string_view text);
}  // namespace internal

}  // namespace annals::base
