// The terms that contacts are found by, and what a query asks of them. Private to this slice.
//
// A term is the business's number, a letter for the field, and a text without white space:
// "1nmuller" is a word of a name in business 1.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "contacts/profile.h"
#include "db/db.h"

namespace annals::contacts {

enum class Field : char {
  kName = 'n',   // a word of a name, folded
  kEmail = 'e',  // the address, parts of it, its domain
  kClientNumber = 'c',
  kUid = 'u',            // external ids
  kPhone = 'p',          // digits: international, national
  kPhoneReversed = 'r',  // the same from the last digit on
  kTag = 't',
  kOrganization = 'o',  // the one that a person belongs to
  kKind = 'k',          // p or o
  kArchived = 'a',      // 0 or 1
  kMerged = 'm',        // of those merged into another
};

[[nodiscard]] std::string term(db::BusinessKey business, Field field, std::string_view text);
/// Case folded, without white space: how whole values become terms.
[[nodiscard]] std::string squeezed(std::string_view text);
/// A tag as it is, in a form without white space, and back.
[[nodiscard]] std::string tag_text(std::string_view tag);
[[nodiscard]] std::string tag_of(std::string_view text);

// The texts of a value's terms.
[[nodiscard]] std::vector<std::string> name_texts(const Profile& profile);
[[nodiscard]] std::vector<std::string> email_texts(std::string_view address);
[[nodiscard]] std::vector<std::string> number_texts(std::string_view number);  // also of UIDs
[[nodiscard]] std::vector<std::string> phone_texts(const Phone& phone);

/// All terms of a contact, sorted.
[[nodiscard]] std::vector<std::string> terms_of(db::BusinessKey business, const Profile& profile,
                                                bool merged);

/// One thing that a query asks for: a word, a number, or a part of an address.
struct Chunk {
  std::vector<std::string> words;   // of names
  std::string whole;                // squeezed: e-mail address, client number or UID
  std::vector<std::string> digits;  // a phone number begins or ends with one of these
  std::vector<Chunk> parts;         // instead of the above, where digits stand apart
};

/// The chunks of `query`; a phone number with spaces in it is one.
[[nodiscard]] std::vector<Chunk> parse_query(std::string_view query, const std::string& country);

}  // namespace annals::contacts
