// The word indexes, one of the few places where the engines differ: FTS5 on SQLite, a tsvector with
// a GIN index on PostgreSQL. Both hold the words that they are given, as they are.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "db/db.h"

namespace annals::db {

/// A question to an index: words and beginnings of words, joined by and() and or(). Empty: nothing.
class Match {
 public:
  [[nodiscard]] static Match exactly(std::string_view word);
  [[nodiscard]] static Match beginning_with(std::string_view prefix);
  /// Both; the other, where one is empty.
  [[nodiscard]] Match operator&&(const Match& other) const;
  [[nodiscard]] Match operator||(const Match& other) const;
  [[nodiscard]] bool empty() const { return fts5_.empty(); }
  /// As the engine reads it.
  [[nodiscard]] const std::string& text(Engine engine) const {
    return engine == Engine::kSqlite ? fts5_ : tsquery_;
  }

 private:
  std::string fts5_;
  std::string tsquery_;
};

enum class WordIndex { kEntries, kContacts };

/// For Tx::insert(): a row (a position of the journal, or a number of contact_rows) and its words,
/// which are without white space, with one space between.
[[nodiscard]] InsertInto words_into(Engine engine, WordIndex index);
void add_words(Tx& tx, WordIndex index, std::int64_t row, std::string_view words);
/// `words` are what was added. Only for kContacts: entries stay.
void remove_words(Tx& tx, WordIndex index, std::int64_t row, std::string_view words);

/// The rows that match, lowest first, `limit` at most.
[[nodiscard]] std::vector<std::int64_t> find_rows(Tx& tx, WordIndex index, const Match& match,
                                                  std::size_t limit);

/// For a query that begins with the index of entries, as `s`:
///   FROM entry_search s <join> journal j ON j.pos = <row> WHERE <before> $1 <after>
struct EntryMatchSql {
  std::string_view join;  // one that keeps the order, where the engine has it
  std::string_view row;
  std::string_view before;
  std::string_view after;
  // A table that tells the occurred_at of a position soonest, by its columns business and pos; in
  // the same place as the journal above, as `j`.
  std::string_view times;
};
[[nodiscard]] EntryMatchSql entry_match_sql(Engine engine);

}  // namespace annals::db
