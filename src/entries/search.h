// Full text: what is indexed of an entry, what is asked of the index, and where the words stand.
//
// The index holds base::analyse's words with the business before them (`7:grosse`), and one word
// for the contact (`7@<hex id>`), so that a search stays in its business and can be in one contact.
// Private to entries/.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/json.h"
#include "db/db.h"
#include "db/full_text.h"
#include "entries/record.h"

namespace annals::entries {

/// What the index holds of a record: words with one space between, each once.
[[nodiscard]] std::string index_words(db::BusinessKey business, const Record& record);

/// The words of a search text. Throws kMalformed (`q`): no word in it, or more than
/// limits::kSearchWordsMax.
[[nodiscard]] std::vector<std::string> search_words(std::string_view text);

/// All words, the last one as a prefix; in one of `contacts`, if any are given.
[[nodiscard]] db::Match match(db::BusinessKey business, const std::vector<std::string>& words,
                              const std::vector<base::Id>& contacts);

/// `text` in pieces, in order; every second one, from the second, is a match. Of a long text, the
/// part around its first match. Empty where there is none.
[[nodiscard]] std::vector<std::string> highlight(std::string_view text,
                                                 const std::vector<std::string>& words);

}  // namespace annals::entries
