#include "contacts/search.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"
#include "base/id.h"
#include "base/limits.h"
#include "contacts/profile.h"
#include "contacts/spelling.h"
#include "contacts/store.h"
#include "contacts/terms.h"
#include "db/db.h"
#include "db/full_text.h"

namespace annals::contacts {
namespace {

constexpr std::size_t kCandidatesMax = 250;  // of each way to match
constexpr std::size_t kLittle = 5;           // fewer hits: words may have been mistyped

// How sure a match is that a chunk of the query was meant.
constexpr int kWholeKey = 12;  // client number, UID, address, phone number
constexpr int kWholeWord = 10;
constexpr int kPartOfWord = 8;
constexpr int kPartOfNumber = 7;
constexpr int kPartOfAddress = 6;
constexpr int kMistypedWord = 4;
constexpr int kMistypedPart = 3;

enum class How { kWhole, kBeginning };

// A chunk of the query with what its words may have meant.
struct Asked {
  Chunk chunk;
  std::vector<std::vector<Correction>> corrections;  // one list a word; empty until wanted
  std::vector<Asked> parts;
};

std::vector<Asked> asked_of(std::vector<Chunk> chunks) {
  std::vector<Asked> asked;
  for (Chunk& chunk : chunks) {
    Asked one;
    one.parts = asked_of(std::move(chunk.parts));
    one.chunk = std::move(chunk);
    asked.push_back(std::move(one));
  }
  return asked;
}

db::Match match_of(const std::string& term, How how) {
  return how == How::kWhole ? db::Match::exactly(term) : db::Match::beginning_with(term);
}

db::Match words_match(db::BusinessKey business, const Asked& asked, How how) {
  db::Match all;
  for (std::size_t i = 0; i < asked.chunk.words.size(); ++i) {
    db::Match word = match_of(term(business, Field::kName, asked.chunk.words[i]), how);
    if (i < asked.corrections.size()) {
      for (const Correction& meant : asked.corrections[i]) {
        word = word || match_of(term(business, Field::kName, meant.text),
                                meant.whole ? How::kWhole : How::kBeginning);
      }
    }
    all = all && word;
  }
  return all;
}

db::Match match_of(db::BusinessKey business, const Asked& asked, How how) {
  db::Match match = words_match(business, asked, how);
  if (!asked.chunk.whole.empty()) {
    for (const Field field : {Field::kEmail, Field::kClientNumber, Field::kUid}) {
      match = match || match_of(term(business, field, asked.chunk.whole), how);
    }
  }
  for (const std::string& digits : asked.chunk.digits) {
    match = match || db::Match::beginning_with(term(business, Field::kPhone, digits)) ||
            db::Match::beginning_with(
                term(business, Field::kPhoneReversed, std::string(digits.rbegin(), digits.rend())));
  }
  db::Match parts;
  for (const Asked& part : asked.parts) parts = parts && match_of(business, part, how);
  return match || parts;
}

// The terms of one contact, sorted, with a space between.
class Terms {
 public:
  Terms(db::BusinessKey business, std::string_view text) : business_(business) {
    while (!text.empty()) {
      const std::size_t end = std::min(text.find(' '), text.size());
      terms_.push_back(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }
  [[nodiscard]] bool has(Field field, std::string_view text) const {
    const std::string wanted = term(business_, field, text);
    return std::binary_search(terms_.begin(), terms_.end(), std::string_view(wanted));
  }
  [[nodiscard]] bool has_beginning(Field field, std::string_view text) const {
    const std::string wanted = term(business_, field, text);
    const auto at = std::lower_bound(terms_.begin(), terms_.end(), std::string_view(wanted));
    return at != terms_.end() && at->starts_with(wanted);
  }

 private:
  db::BusinessKey business_;
  std::vector<std::string_view> terms_;
};

int score_word(const Terms& terms, const std::string& word,
               const std::vector<Correction>* corrections) {
  if (terms.has(Field::kName, word)) return kWholeWord;
  if (terms.has_beginning(Field::kName, word)) return kPartOfWord;
  int best = 0;
  if (corrections == nullptr) return best;
  for (const Correction& meant : *corrections) {
    if (terms.has(Field::kName, meant.text)) return kMistypedWord;
    if (!meant.whole && terms.has_beginning(Field::kName, meant.text)) best = kMistypedPart;
  }
  return best;
}

int score_words(const Terms& terms, const Asked& asked) {
  int worst = 0;
  for (std::size_t i = 0; i < asked.chunk.words.size(); ++i) {
    const auto* corrections = i < asked.corrections.size() ? &asked.corrections[i] : nullptr;
    const int score = score_word(terms, asked.chunk.words[i], corrections);
    if (score == 0) return 0;
    worst = worst == 0 ? score : std::min(worst, score);
  }
  return worst;
}

int score_whole(const Terms& terms, const std::string& whole) {
  if (whole.empty()) return 0;
  for (const Field field : {Field::kClientNumber, Field::kUid, Field::kEmail}) {
    if (terms.has(field, whole)) return kWholeKey;
  }
  if (terms.has_beginning(Field::kClientNumber, whole)) return kPartOfNumber;
  const bool begins =
      terms.has_beginning(Field::kEmail, whole) || terms.has_beginning(Field::kUid, whole);
  return begins ? kPartOfAddress : 0;
}

int score_digits(const Terms& terms, const std::vector<std::string>& forms) {
  int best = 0;
  for (const std::string& digits : forms) {
    if (terms.has(Field::kPhone, digits)) return kWholeKey;
    const std::string reversed(digits.rbegin(), digits.rend());
    if (terms.has_beginning(Field::kPhone, digits) ||
        terms.has_beginning(Field::kPhoneReversed, reversed)) {
      best = kPartOfNumber;
    }
  }
  return best;
}

int score_of(const Terms& terms, const Asked& asked) {
  int parts = 0;
  for (const Asked& part : asked.parts) parts = std::max(parts, score_of(terms, part));
  return std::max({score_words(terms, asked), score_whole(terms, asked.chunk.whole),
                   score_digits(terms, asked.chunk.digits), parts});
}

struct Candidate {
  base::Id contact;
  std::string sort_name;
  bool archived = false;
  int score = 0;

  // Best first.
  bool operator<(const Candidate& other) const {
    return std::forward_as_tuple(archived, -score, sort_name, contact) <
           std::forward_as_tuple(other.archived, -other.score, other.sort_name, other.contact);
  }
};

constexpr std::string_view kRow = R"sql(
  SELECT contact, sort_name, terms FROM contact_rows WHERE number = $1 AND business = $2)sql";

// Gathers what matches, in rounds that ask for less and less.
class Search {
 public:
  Search(db::Tx& tx, std::vector<Asked> asked, const Filter& filter)
      : tx_(tx), asked_(std::move(asked)) {
    for (const std::string& term : terms_of(tx.business(), filter)) {
      passing_ = passing_ && db::Match::exactly(term);
    }
  }

  [[nodiscard]] std::vector<Candidate> run() {
    // Whole words first, so that they are found however many words begin like them.
    gather(How::kWhole, How::kWhole);
    if (asked_.size() > 1) gather(How::kWhole, How::kBeginning);
    gather(How::kBeginning, How::kBeginning);
    if (candidates_.size() < kLittle && correct(asked_)) {
      gather(How::kBeginning, How::kBeginning);
    }
    std::sort(candidates_.begin(), candidates_.end());
    return std::move(candidates_);
  }
  [[nodiscard]] const std::vector<Asked>& asked() const { return asked_; }

 private:
  void gather(How how, How how_last) {
    db::Match match = passing_;
    for (const Asked& one : asked_) {
      match = match && match_of(tx_.business(), one, &one == &asked_.back() ? how_last : how);
    }
    for (const std::int64_t number :
         db::find_rows(tx_, db::WordIndex::kContacts, match, kCandidatesMax)) {
      if (known_.insert(number).second) add(number);
    }
  }

  void add(std::int64_t number) {
    auto rows = tx_.query(kRow, {number, tx_.business()});
    if (!rows.next()) return;
    const Terms terms(tx_.business(), rows->text(2));
    Candidate candidate{.contact = rows->id(0),
                        .sort_name = rows->string(1),
                        .archived = terms.has(Field::kArchived, "1")};
    for (const Asked& one : asked_) candidate.score += score_of(terms, one);
    candidates_.push_back(std::move(candidate));
  }

  // Whether any word may have been mistyped.
  bool correct(std::vector<Asked>& asked) {
    bool any = false;
    for (Asked& one : asked) {
      for (const std::string& word : one.chunk.words) {
        one.corrections.push_back(corrections(tx_, tx_.business(), word));
        any = any || !one.corrections.back().empty();
      }
    }
    return any;
  }

  db::Tx& tx_;
  std::vector<Asked> asked_;
  db::Match passing_;
  std::set<std::int64_t> known_;
  std::vector<Candidate> candidates_;
};

bool any_begins(const std::vector<std::string>& texts, const std::string& text) {
  return !text.empty() && std::any_of(texts.begin(), texts.end(), [&](const std::string& one) {
    return one.starts_with(text);
  });
}

bool phone_matches(const Phone& phone, const std::vector<std::string>& forms) {
  const auto texts = phone_texts(phone);
  return std::any_of(forms.begin(), forms.end(), [&](const std::string& digits) {
    return any_begins(texts, digits) || (!texts.empty() && texts.front().ends_with(digits));
  });
}

using Explained = std::pair<std::string, std::string>;

// Which value of `profile` a chunk matched, where it was not the name.
std::optional<Explained> explain(const Profile& profile, const Asked& asked) {
  const std::string& whole = asked.chunk.whole;
  if (any_begins(number_texts(profile.client_number), whole)) {
    return Explained{"client_number", profile.client_number};
  }
  for (const Phone& phone : profile.phones) {
    if (phone_matches(phone, asked.chunk.digits)) return Explained{"phones", phone.number};
  }
  for (const Email& email : profile.emails) {
    if (any_begins(email_texts(email.address), whole)) return Explained{"emails", email.address};
  }
  for (const Uid& uid : profile.uids) {
    if (any_begins(number_texts(uid.external_id), whole)) {
      return Explained{"uids", uid.external_id};
    }
  }
  for (const Asked& part : asked.parts) {
    if (auto found = explain(profile, part)) return found;
  }
  return std::nullopt;
}

// The field that tells most: of a name only, where the name has all words.
Explained explain(const Profile& profile, const std::vector<Asked>& asked) {
  const auto names = name_texts(profile);
  for (const Asked& one : asked) {
    const auto& words = one.chunk.words;
    const bool named =
        !words.empty() && std::all_of(words.begin(), words.end(), [&](const std::string& word) {
          return any_begins(names, word);
        });
    if (named) continue;
    if (auto found = explain(profile, one)) return *found;
  }
  return {"name", display_name(profile)};
}

std::string hex(const base::Id& id) { return base::hex(id.bytes); }

}  // namespace

std::string Filter::text() const {
  std::string out;
  if (tag) out += "tag=" + tag_text(*tag);
  if (organization) out += "&organization=" + hex(*organization);
  if (organizations) out += *organizations ? "&kind=o" : "&kind=p";
  if (archived) out += *archived ? "&archived=1" : "&archived=0";
  return out;
}

// The one that fewest contacts have comes first.
std::vector<std::string> terms_of(db::BusinessKey business, const Filter& filter) {
  std::vector<std::string> terms;
  if (filter.organization) {
    terms.push_back(term(business, Field::kOrganization, hex(*filter.organization)));
  }
  if (filter.tag) terms.push_back(term(business, Field::kTag, tag_text(*filter.tag)));
  if (filter.organizations) {
    terms.push_back(term(business, Field::kKind, *filter.organizations ? "o" : "p"));
  }
  if (filter.archived) {
    terms.push_back(term(business, Field::kArchived, *filter.archived ? "1" : "0"));
  }
  return terms;
}

void check_query(std::string_view query, const std::string& country) {
  std::size_t words = 0;
  for (const Chunk& chunk : parse_query(query, country)) {
    words += std::max(chunk.words.size(), chunk.parts.size());
  }
  if (words <= base::limits::kSearchWordsMax) return;
  throw base::malformed(
      "q", "too_many",
      "must have at most " + std::to_string(base::limits::kSearchWordsMax) + " words");
}

std::vector<Hit> search(db::Tx& tx, std::string_view query, const Filter& filter,
                        const std::string& country, std::size_t limit) {
  std::vector<Hit> hits;
  auto asked = asked_of(parse_query(query, country));
  if (asked.empty()) return hits;
  Search search(tx, std::move(asked), filter);
  std::set<base::Id> shown;
  for (const Candidate& candidate : search.run()) {
    if (hits.size() == limit) break;
    auto contact = find_contact(tx, candidate.contact);
    if (!contact) continue;
    auto [field, text] = explain(contact->profile, search.asked());
    if (contact->merged_into) contact = load_contact(tx, survivor_of(tx, contact->id));
    if (!shown.insert(contact->id).second) continue;
    hits.push_back({std::move(*contact), std::move(field), std::move(text)});
  }
  return hits;
}

std::vector<Listed> list(db::Tx& tx, const Filter& filter, const std::optional<Listed>& after,
                         std::size_t limit) {
  Filter whole = filter;
  if (!whole.archived) whole.archived = false;
  const auto lists = terms_of(tx.business(), whole);
  // Walks the shortest list; who is on the others too is shown.
  std::string sql = R"sql(
  SELECT l.contact, l.sort_name FROM contact_lists l
  WHERE l.business = $1 AND l.list = $2 AND (l.sort_name, l.contact) > ($3, $4))sql";
  for (std::size_t i = 1; i < lists.size(); ++i) {
    sql += R"sql(
    AND EXISTS (SELECT 1 FROM contact_lists o WHERE o.business = $1 AND o.list = $)sql";
    sql += std::to_string(i + 5);
    sql += R"sql(
      AND o.sort_name = l.sort_name AND o.contact = l.contact))sql";
  }
  sql += R"sql(
  ORDER BY l.sort_name, l.contact LIMIT $5)sql";
  const Listed begin = after.value_or(Listed{});
  const base::ByteSpan begin_id = after ? base::ByteSpan(begin.contact.bytes) : base::ByteSpan();
  std::vector<db::Param> params{tx.business(), lists.front(), begin.sort_name, begin_id, limit};
  for (std::size_t i = 1; i < lists.size(); ++i) params.emplace_back(lists[i]);
  std::vector<Listed> listed;
  auto rows = tx.query(sql, params);
  while (rows.next()) listed.push_back({rows->id(0), rows->string(1)});
  return listed;
}

}  // namespace annals::contacts
