// Finding contacts as one types. Private to this slice.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/actor.h"
#include "base/id.h"
#include "contacts/store.h"
#include "db/db.h"

namespace annals::contacts {

struct Filter {
  std::optional<std::string> tag;
  std::optional<base::Id> organization;  // its people
  std::optional<bool> organizations;     // the kind
  std::optional<bool> archived;

  /// Tells filters apart, for cursors.
  [[nodiscard]] std::string text() const;
};

/// The terms that a contact must have to pass.
[[nodiscard]] std::vector<std::string> terms_of(db::BusinessKey business, const Filter& filter);

struct Hit {
  Contact contact;
  std::string field;  // of the contact, which matched: name, emails, phones, …
  std::string text;   // its value
};

/// Throws kMalformed (`q`) where it has too many words.
void check_query(std::string_view query, const std::string& country);

/// At most `limit` contacts that match every word of `query`, best match first; the survivor in
/// place of one that was merged.
[[nodiscard]] std::vector<Hit> search(db::Tx& tx, std::string_view query, const Filter& filter,
                                      const std::string& country, std::size_t limit);

struct Listed {
  base::Id contact;
  std::string sort_name;
};

/// Contacts in the order of their names, from after `after` on; not those that were merged.
[[nodiscard]] std::vector<Listed> list(db::Tx& tx, const Filter& filter,
                                       const std::optional<Listed>& after, std::size_t limit);

}  // namespace annals::contacts
