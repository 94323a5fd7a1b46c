// How free text becomes words, the same for every engine and for highlighting.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace annals::base {

/// A word of a text, folded: `größe` and `GROSSE` are both `grosse`, `Ørsted` is `orsted`.
struct Token {
  std::string word;
  std::size_t begin = 0;  // bytes of the text that it stands at
  std::size_t end = 0;
};

/// Words by ICU's word boundaries (dictionaries split CJK and Thai), then NFKC case fold and
/// Latin-ASCII. Words without a letter or digit are dropped, longer ones than 64 bytes are cut.
/// `text` is UTF-8. Safe from any thread.
[[nodiscard]] std::vector<Token> analyse(std::string_view text);

/// The words of analyse() with one space between, for an index.
[[nodiscard]] std::string folded(std::string_view text);

}  // namespace annals::base
