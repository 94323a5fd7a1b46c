// What the applier derives of a contact.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/json.h"
#include "contacts/contacts.h"
#include "contacts/profile.h"
#include "contacts/terms.h"
#include "db/db.h"
#include "db/full_text.h"

namespace annals::contacts {
namespace {

// The search rows of a contact, as they are or as they should be.
struct Indexed {
  std::string sort_name;
  std::vector<std::string> terms;  // sorted
  bool operator==(const Indexed&) const = default;
};

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += ' ';
    text += word;
  }
  return text;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

// The texts of those terms that are of `field`.
std::vector<std::string> texts_of(const Indexed& indexed, db::BusinessKey business, Field field) {
  const std::string prefix = term(business, field, "");
  std::vector<std::string> texts;
  for (const std::string& one : indexed.terms) {
    if (one.starts_with(prefix)) texts.push_back(one.substr(prefix.size()));
  }
  return texts;
}

// The lists that a contact is in are named by terms that it has.
std::vector<std::string> lists_of(const Indexed& indexed, db::BusinessKey business) {
  std::vector<std::string> lists;
  if (!texts_of(indexed, business, Field::kMerged).empty()) return lists;
  for (const Field field : {Field::kArchived, Field::kKind, Field::kTag, Field::kOrganization}) {
    for (const std::string& text : texts_of(indexed, business, field)) {
      lists.push_back(term(business, field, text));
    }
  }
  return lists;
}

std::vector<std::string> without(const std::vector<std::string>& all,
                                 const std::vector<std::string>& taken) {
  std::vector<std::string> rest;
  for (const std::string& one : all) {
    if (std::find(taken.begin(), taken.end(), one) == taken.end()) rest.push_back(one);
  }
  return rest;
}

constexpr std::string_view kState = R"sql(
  SELECT state, merged_into FROM contacts WHERE business = $1 AND id = $2)sql";

std::optional<Profile> state_of(db::Tx& tx, db::BusinessKey business, const base::Id& contact,
                                bool& merged) {
  auto rows = tx.query(kState, {business, contact});
  if (!rows.next()) return std::nullopt;
  merged = !rows->is_null(1);
  return from_json(base::parse_json(rows->text(0)));
}

constexpr std::string_view kRow = R"sql(
  SELECT number, sort_name, terms FROM contact_rows WHERE business = $1 AND contact = $2)sql";

std::optional<std::int64_t> row_of(db::Tx& tx, db::BusinessKey business, const base::Id& contact,
                                   Indexed& indexed) {
  auto rows = tx.query(kRow, {business, contact});
  if (!rows.next()) return std::nullopt;
  indexed = {.sort_name = rows->string(1), .terms = split(rows->text(2))};
  return rows->integer(0);
}

constexpr std::string_view kInsertRow = R"sql(
  INSERT INTO contact_rows (business, contact, sort_name, terms) VALUES ($1, $2, $3, $4)
  RETURNING number)sql";
constexpr std::string_view kUpdateRow = R"sql(
  UPDATE contact_rows SET sort_name = $2, terms = $3 WHERE number = $1)sql";
constexpr std::string_view kDeleteRow = R"sql(
  DELETE FROM contact_rows WHERE number = $1)sql";

void write_row(db::Tx& tx, db::BusinessKey business, const base::Id& contact,
               std::optional<std::int64_t> number, const Indexed& before, const Indexed& after) {
  const std::string terms = joined(after.terms);
  if (number) db::remove_words(tx, db::WordIndex::kContacts, *number, joined(before.terms));
  if (after.terms.empty()) {
    if (number) tx.execute(kDeleteRow, {*number});
    return;
  }
  if (number) {
    tx.execute(kUpdateRow, {*number, after.sort_name, terms});
  } else {
    auto rows = tx.query(kInsertRow, {business, contact, after.sort_name, terms});
    while (rows.next()) number = rows->integer(0);
  }
  db::add_words(tx, db::WordIndex::kContacts, *number, terms);
}

constexpr std::string_view kListIn = R"sql(
  INSERT INTO contact_lists (business, list, sort_name, contact) VALUES ($1, $2, $3, $4))sql";
constexpr std::string_view kListOut = R"sql(
  DELETE FROM contact_lists
  WHERE business = $1 AND list = $2 AND sort_name = $3 AND contact = $4)sql";

void write_lists(db::Tx& tx, db::BusinessKey business, const base::Id& contact,
                 const Indexed& before, const Indexed& after) {
  const auto old_lists = lists_of(before, business);
  const auto new_lists = lists_of(after, business);
  const bool moved = before.sort_name != after.sort_name;
  for (const std::string& list : moved ? old_lists : without(old_lists, new_lists)) {
    tx.execute(kListOut, {business, list, before.sort_name, contact});
  }
  for (const std::string& list : moved ? new_lists : without(new_lists, old_lists)) {
    tx.execute(kListIn, {business, list, after.sort_name, contact});
  }
}

constexpr std::string_view kWordIn = R"sql(
  INSERT INTO contact_words (business, word, n) VALUES ($1, $2, 1)
  ON CONFLICT (business, word) DO UPDATE SET n = contact_words.n + 1)sql";
constexpr std::string_view kWordOut = R"sql(
  UPDATE contact_words SET n = n - 1 WHERE business = $1 AND word = $2)sql";
constexpr std::string_view kForgetWord = R"sql(
  DELETE FROM contact_words WHERE business = $1 AND word = $2 AND n < 1)sql";

void write_words(db::Tx& tx, db::BusinessKey business, const Indexed& before,
                 const Indexed& after) {
  const auto old_words = texts_of(before, business, Field::kName);
  const auto new_words = texts_of(after, business, Field::kName);
  for (const std::string& word : without(old_words, new_words)) {
    tx.execute(kWordOut, {business, word});
    tx.execute(kForgetWord, {business, word});
  }
  for (const std::string& word : without(new_words, old_words)) {
    tx.execute(kWordIn, {business, word});
  }
}

std::vector<std::string> tags_of(const Indexed& indexed, db::BusinessKey business) {
  std::vector<std::string> tags;
  for (const std::string& text : texts_of(indexed, business, Field::kTag)) {
    tags.push_back(tag_of(text));
  }
  return tags;
}

constexpr std::string_view kTagIn = R"sql(
  INSERT INTO contact_tags (business, tag, contact) VALUES ($1, $2, $3))sql";
constexpr std::string_view kTagOut = R"sql(
  DELETE FROM contact_tags WHERE business = $1 AND tag = $2 AND contact = $3)sql";

void write_tags(db::Tx& tx, db::BusinessKey business, const base::Id& contact,
                const Indexed& before, const Indexed& after) {
  const auto old_tags = tags_of(before, business);
  const auto new_tags = tags_of(after, business);
  for (const std::string& tag : without(old_tags, new_tags)) {
    tx.execute(kTagOut, {business, tag, contact});
  }
  for (const std::string& tag : without(new_tags, old_tags)) {
    tx.execute(kTagIn, {business, tag, contact});
  }
}

}  // namespace

void index(db::Tx& tx, db::BusinessKey business, const base::Id& contact) {
  bool merged = false;
  const auto profile = state_of(tx, business, contact, merged);
  Indexed before;
  const auto number = row_of(tx, business, contact, before);
  Indexed after;
  if (profile) {
    after = {.sort_name = sort_name(*profile), .terms = terms_of(business, *profile, merged)};
  }
  if (before == after) return;
  write_row(tx, business, contact, number, before, after);
  write_lists(tx, business, contact, before, after);
  write_words(tx, business, before, after);
  write_tags(tx, business, contact, before, after);
}

}  // namespace annals::contacts
