#include "contacts/full_text.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "db/db.h"

namespace annals::contacts {
namespace {

// An FTS5 string: nothing in it has a meaning of its own.
std::string quoted(std::string_view term) {
  std::string out = "\"";
  for (const char c : term) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
  return out;
}

}  // namespace

Match Match::exactly(std::string_view term) {
  Match match;
  match.text_ = quoted(term);
  return match;
}

Match Match::beginning_with(std::string_view prefix) {
  Match match;
  match.text_ = quoted(prefix) + " *";
  return match;
}

Match Match::operator&&(const Match& other) const {
  if (empty()) return other;
  if (other.empty()) return *this;
  Match match;
  match.text_ = "(" + text_ + " AND " + other.text_ + ")";
  return match;
}

Match Match::operator||(const Match& other) const {
  if (empty()) return other;
  if (other.empty()) return *this;
  Match match;
  match.text_ = "(" + text_ + " OR " + other.text_ + ")";
  return match;
}

constexpr std::string_view kAddTerms = R"sql(
  INSERT INTO contact_search (rowid, terms) VALUES ($1, $2))sql";

void add_terms(db::Tx& tx, std::int64_t number, const std::string& terms) {
  tx.execute(kAddTerms, {number, terms});
}

// The index holds no text of its own, so that it must be told what to forget.
constexpr std::string_view kRemoveTerms = R"sql(
  INSERT INTO contact_search (contact_search, rowid, terms) VALUES ('delete', $1, $2))sql";

void remove_terms(db::Tx& tx, std::int64_t number, const std::string& terms) {
  tx.execute(kRemoveTerms, {number, terms});
}

constexpr std::string_view kFindTerms = R"sql(
  SELECT rowid FROM contact_search WHERE contact_search MATCH $1 ORDER BY rowid LIMIT $2)sql";

std::vector<std::int64_t> find_terms(db::Tx& tx, const Match& match, std::size_t limit) {
  std::vector<std::int64_t> numbers;
  if (match.empty()) return numbers;
  auto rows = tx.query(kFindTerms, {match.text(), limit});
  while (rows.next()) numbers.push_back(rows->integer(0));
  return numbers;
}

}  // namespace annals::contacts
