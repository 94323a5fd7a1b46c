// What a mistyped word of a name may have meant. Private to this slice.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "db/db.h"

namespace annals::contacts {

struct Correction {
  std::string text;
  bool whole = false;  // a whole word; else words begin with it
};

/// Texts that words of the business's names begin with (or are) and that one typing error turns
/// into `word`: a letter too many, too few, wrong, or two that changed places. Nothing for words of
/// fewer than four letters, or without a letter.
[[nodiscard]] std::vector<Correction> corrections(db::Tx& tx, db::BusinessKey business,
                                                  std::string_view word);

}  // namespace annals::contacts
