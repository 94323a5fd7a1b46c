#include "db/full_text.h"
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "db/db.h"

namespace annals::db {
namespace {

// An FTS5 string: nothing in it has a meaning of its own.
std::string fts5_string(std::string_view word) {
  std::string out = "\"";
  for (const char c : word) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

// A quoted lexeme of a tsquery.
std::string lexeme(std::string_view word) {
  std::string out = "'";
  for (const char c : word) {
    if (c == '\'' || c == '\\') out += c;
    out += c;
  }
  return out + "'";
}

struct Sql {
  InsertInto add;
  std::string_view remove;
  std::string_view find;
};

constexpr Sql kSqliteEntries{
    .add = {.table = "entry_search (rowid, words)", .types = "it", .conflict = {}},
    .remove = {},
    .find = {}};
constexpr Sql kPostgresEntries{
    .add = {.table = "entry_search (pos, words)", .types = "iw", .conflict = {}},
    .remove = {},
    .find = {}};
// FTS5 keeps no text of its own here, so that it must be told what to forget.
constexpr Sql kSqliteContacts{
    .add = {.table = "contact_search (rowid, terms)", .types = "it", .conflict = {}},
    .remove = R"(
  INSERT INTO contact_search (contact_search, rowid, terms) VALUES ('delete', $1, $2))",
    .find = R"(
  SELECT rowid FROM contact_search WHERE contact_search MATCH $1 ORDER BY rowid LIMIT $2)"};
constexpr Sql kPostgresContacts{
    .add = {.table = "contact_search (number, terms)", .types = "iw", .conflict = {}},
    .remove = "DELETE FROM contact_search WHERE number = $1 AND $2 <> ''",
    .find = R"(
  SELECT number FROM contact_search WHERE terms @@ CAST($1 AS tsquery)
  ORDER BY number LIMIT $2)"};

const Sql& sql_of(Engine engine, WordIndex index) {
  if (index == WordIndex::kEntries) {
    return engine == Engine::kSqlite ? kSqliteEntries : kPostgresEntries;
  }
  return engine == Engine::kSqlite ? kSqliteContacts : kPostgresContacts;
}

}  // namespace

Match Match::exactly(std::string_view word) {
  Match match;
  match.fts5_ = fts5_string(word);
  match.tsquery_ = lexeme(word);
  return match;
}

Match Match::beginning_with(std::string_view prefix) {
  Match match;
  match.fts5_ = fts5_string(prefix) + " *";
  match.tsquery_ = lexeme(prefix) + ":*";
  return match;
}

Match Match::operator&&(const Match& other) const {
  if (empty()) return other;
  if (other.empty()) return *this;
  Match match;
  match.fts5_ = "(" + fts5_ + " AND " + other.fts5_ + ")";
  match.tsquery_ = "(" + tsquery_ + " & " + other.tsquery_ + ")";
  return match;
}

Match Match::operator||(const Match& other) const {
  if (empty()) return other;
  if (other.empty()) return *this;
  Match match;
  match.fts5_ = "(" + fts5_ + " OR " + other.fts5_ + ")";
  match.tsquery_ = "(" + tsquery_ + " | " + other.tsquery_ + ")";
  return match;
}

InsertInto words_into(Engine engine, WordIndex index) { return sql_of(engine, index).add; }

void add_words(Tx& tx, WordIndex index, std::int64_t row, std::string_view words) {
  const std::initializer_list<Param> values{row, words};
  tx.insert(words_into(tx.engine(), index), {values.begin(), values.size()});
}

void remove_words(Tx& tx, WordIndex index, std::int64_t row, std::string_view words) {
  CHECK(index == WordIndex::kContacts);
  tx.execute(sql_of(tx.engine(), index).remove, {row, words});
}

std::vector<std::int64_t> find_rows(Tx& tx, WordIndex index, const Match& match,
                                    std::size_t limit) {
  CHECK(index == WordIndex::kContacts);
  std::vector<std::int64_t> found;
  if (match.empty()) return found;
  Rows rows = tx.query(sql_of(tx.engine(), index).find, {match.text(tx.engine()), limit});
  while (rows.next()) found.push_back(rows->integer(0));
  return found;
}

EntryMatchSql entry_match_sql(Engine engine) {
  if (engine == Engine::kSqlite) {
    return {.join = "CROSS JOIN",
            .row = "s.rowid",
            .before = "s.entry_search MATCH ",
            .after = "",
            .times = "timeline_all j INDEXED BY timeline_all_by_pos"};
  }
  return {.join = "JOIN",
          .row = "s.pos",
          .before = "s.business = j.business AND s.words @@ CAST(",
          .after = " AS tsquery)",
          .times = "journal j"};
}

}  // namespace annals::db
