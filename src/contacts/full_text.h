// The full-text index of contacts: the one place of this slice where engines differ.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "db/db.h"

namespace annals::contacts {

/// A question to the index: terms and prefixes of terms, joined by and() and or(). Empty: nothing.
class Match {
 public:
  [[nodiscard]] static Match exactly(std::string_view term);
  [[nodiscard]] static Match beginning_with(std::string_view prefix);
  /// Both; the other, where one is empty.
  [[nodiscard]] Match operator&&(const Match& other) const;
  [[nodiscard]] Match operator||(const Match& other) const;
  [[nodiscard]] bool empty() const { return text_.empty(); }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// `terms` are without white space, with one space between.
void add_terms(db::Tx& tx, std::int64_t number, const std::string& terms);
void remove_terms(db::Tx& tx, std::int64_t number, const std::string& terms);

/// Numbers that match, lowest first, `limit` at most.
[[nodiscard]] std::vector<std::int64_t> find_terms(db::Tx& tx, const Match& match,
                                                   std::size_t limit);

}  // namespace annals::contacts
