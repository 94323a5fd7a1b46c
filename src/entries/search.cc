#include "entries/search.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "db/db.h"
#include "db/full_text.h"
#include "entries/record.h"

namespace annals::entries {
namespace {

constexpr std::size_t kIndexedWordsMax = 5'000;  // of one entry

void add_words(std::set<std::string>& words, std::string_view text) {
  if (text.empty()) return;
  for (base::Token& token : base::analyse(text)) {
    if (words.size() >= kIndexedWordsMax) return;
    words.insert(std::move(token.word));
  }
}

constexpr std::size_t kSnippetBytes = 400;  // of a text that is longer

// The beginning of the character that byte `at` is in.
std::size_t character_start(std::string_view text, std::size_t at) {
  while (at > 0 && at < text.size() && (static_cast<std::uint8_t>(text[at]) & 0xC0U) == 0x80U) --at;
  return at;
}

// The strings and numbers inside a JSON text; member names are no content.
void add_json(std::set<std::string>& words, const base::Json& json) {
  if (json.is_string() || json.is_number()) add_words(words, json.text());
  for (const base::Json& item : json.items()) add_json(words, item);
  for (const base::Json::Member& member : json.members()) add_json(words, member.second);
}

std::string prefix(db::BusinessKey business, char mark) { return std::to_string(business) + mark; }

}  // namespace

std::string index_words(db::BusinessKey business, const Record& record) {
  std::set<std::string> words;
  add_words(words, record.title);
  add_words(words, record.text);
  add_words(words, record.contact_type);
  add_words(words, record.actor.name);
  for (const RecordAttachment& file : record.attachments) add_words(words, file.name);
  for (const RecordChange& change : record.changes) {
    add_words(words, change.field);
    add_json(words, base::parse_json(change.old_json));
    add_json(words, base::parse_json(change.new_json));
  }
  if (!record.details.empty()) add_json(words, base::parse_json(record.details));
  std::string out = prefix(business, '@') + base::hex(record.contact.bytes);
  for (const std::string& word : words) out += " " + prefix(business, ':') + word;
  return out;
}

std::vector<std::string> search_words(std::string_view text) {
  std::vector<std::string> words;
  for (base::Token& token : base::analyse(text)) words.push_back(std::move(token.word));
  if (words.empty()) {
    throw base::malformed("q", "empty", "There is no word to search for in this text.");
  }
  if (words.size() > base::limits::kSearchWordsMax) {
    throw base::malformed(
        "q", "too_many",
        "Search for at most " + std::to_string(base::limits::kSearchWordsMax) + " words at once.");
  }
  return words;
}

db::Match match(db::BusinessKey business, const std::vector<std::string>& words,
                const std::vector<base::Id>& contacts) {
  db::Match all;
  for (const base::Id& contact : contacts) {
    all = all || db::Match::exactly(prefix(business, '@') + base::hex(contact.bytes));
  }
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string word = prefix(business, ':') + words[i];
    all =
        all && (i + 1 == words.size() ? db::Match::beginning_with(word) : db::Match::exactly(word));
  }
  return all;
}

std::vector<std::string> highlight(std::string_view text, const std::vector<std::string>& words) {
  std::vector<std::string> pieces;
  std::size_t at = 0;
  std::size_t end = text.size();
  for (const base::Token& token : base::analyse(text)) {
    const bool hit = std::any_of(words.begin(), words.end(), [&](const std::string& word) {
      return token.word == word || (&word == &words.back() && token.word.starts_with(word));
    });
    if (!hit || token.begin < at) continue;
    if (pieces.empty() && text.size() > kSnippetBytes) {
      at = token.begin > kSnippetBytes / 4 ? character_start(text, token.begin - kSnippetBytes / 4)
                                           : 0;
      end = character_start(text, std::min(text.size(), at + kSnippetBytes));
    }
    if (token.end > end) break;
    pieces.emplace_back(text.substr(at, token.begin - at));
    pieces.emplace_back(text.substr(token.begin, token.end - token.begin));
    at = token.end;
  }
  if (!pieces.empty()) pieces.emplace_back(text.substr(at, end - at));
  return pieces;
}

}  // namespace annals::entries
