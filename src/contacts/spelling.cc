#include "contacts/spelling.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "db/db.h"

namespace annals::contacts {
namespace {

constexpr std::size_t kLettersMin = 4;
constexpr std::size_t kLettersMax = 40;
constexpr std::size_t kNextLettersMax = 64;  // tried at one place of a word
constexpr std::size_t kCorrectionsMax = 32;

using Letters = std::u32string;

void append(std::string& out, char32_t letter) {
  std::array<std::uint8_t, U8_MAX_LENGTH> bytes{};
  std::int32_t size = 0;
  UBool failed = 0;
  U8_APPEND(bytes.data(), size, U8_MAX_LENGTH, static_cast<std::uint32_t>(letter), failed);
  if (failed == 0) out.append(bytes.begin(), bytes.begin() + size);
}

std::string text_of(const Letters& letters) {
  std::string out;
  for (const char32_t letter : letters) append(out, letter);
  return out;
}

Letters letters_of(std::string_view text) {
  Letters letters;
  const std::uint8_t* bytes = base::as_bytes(text).data();
  const auto size = static_cast<std::int32_t>(text.size());
  for (std::int32_t at = 0; at < size;) {
    UChar32 c = 0;
    U8_NEXT(bytes, at, size, c);
    letters += static_cast<char32_t>(c < 0 ? 0xFFFD : c);
  }
  return letters;
}

constexpr std::string_view kFirstWord = R"sql(
  SELECT word FROM contact_words WHERE business = $1 AND word >= $2 ORDER BY word LIMIT 1)sql";

// Walks the business's words as a tree of letters, by seeks.
class Words {
 public:
  Words(db::Tx& tx, db::BusinessKey business) : tx_(tx), business_(business) {}

  // The first word from `text` on.
  [[nodiscard]] std::optional<std::string> from(const std::string& text) {
    auto rows = tx_.query(kFirstWord, {business_, text});
    if (!rows.next()) return std::nullopt;
    return rows->string(0);
  }
  [[nodiscard]] bool any_with(const Letters& prefix) {
    const std::string text = text_of(prefix);
    const auto word = from(text);
    return word && word->starts_with(text);
  }
  [[nodiscard]] bool has(const Letters& word) {
    const std::string text = text_of(word);
    return from(text) == text;
  }
  // Which letters follow on `prefix`.
  [[nodiscard]] Letters next(const Letters& prefix) {
    Letters found;
    Letters seek = prefix;
    while (found.size() < kNextLettersMax) {
      const auto word = from(text_of(seek));
      if (!word) break;
      const Letters letters = letters_of(*word);
      if (!letters.starts_with(prefix)) break;
      if (letters.size() == prefix.size()) {  // the prefix itself is a word
        seek = prefix + U'\x1';
        continue;
      }
      const char32_t letter = letters[prefix.size()];
      found += letter;
      if (letter >= 0x10FFFF) break;
      // Surrogates are no code points of UTF-8.
      seek = prefix + (letter == 0xD7FF ? char32_t{0xE000} : static_cast<char32_t>(letter + 1));
    }
    return found;
  }

 private:
  db::Tx& tx_;
  db::BusinessKey business_;
};

class Found {
 public:
  explicit Found(const Letters& word) : word_(word) {}
  void add(const Letters& letters, bool whole) {
    if (corrections_.size() >= kCorrectionsMax || letters == word_) return;
    std::string text = text_of(letters);
    const bool known =
        std::any_of(corrections_.begin(), corrections_.end(),
                    [&](const Correction& c) { return c.text == text && c.whole == whole; });
    if (!known) corrections_.push_back({std::move(text), whole});
  }
  [[nodiscard]] std::vector<Correction> take() { return std::move(corrections_); }

 private:
  const Letters& word_;
  std::vector<Correction> corrections_;
};

// The error is at place `i`: what stands before it is right.
void correct_at(Words& words, Found& found, const Letters& word, std::size_t i) {
  const Letters before = word.substr(0, i);
  const Letters after = word.substr(i + 1);
  // One too many. Without its last letter a word is known to begin right, so that only a whole word
  // tells something.
  if (after.empty()) {
    if (words.has(before)) found.add(before, true);
  } else if (words.any_with(before + after)) {
    found.add(before + after, false);
  }
  if (!after.empty() && after[0] != word[i]) {
    const Letters swapped = before + after[0] + word[i] + after.substr(1);
    if (words.any_with(swapped)) found.add(swapped, false);
  }
  for (const char32_t letter : words.next(before)) {
    const Letters begun = before + letter;
    if (letter != word[i] && words.any_with(begun + after)) found.add(begun + after, false);
    const Letters longer = begun + word.substr(i);
    if (words.any_with(longer)) found.add(longer, false);
  }
}

}  // namespace

std::vector<Correction> corrections(db::Tx& tx, db::BusinessKey business, std::string_view word) {
  const Letters letters = letters_of(word);
  if (letters.size() < kLettersMin || letters.size() > kLettersMax) return {};
  const bool has_letter = std::any_of(letters.begin(), letters.end(), [](char32_t c) {
    return u_isalpha(static_cast<UChar32>(c)) != 0;
  });
  if (!has_letter) return {};
  Words words(tx, business);
  Found found(letters);
  for (std::size_t i = 0; i < letters.size(); ++i) {
    if (i > 0 && !words.any_with(letters.substr(0, i))) break;
    correct_at(words, found, letters, i);
  }
  return found.take();
}

}  // namespace annals::contacts
