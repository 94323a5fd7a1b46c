// Logging rules: what is recorded of what other systems send, by type and source. A type without a
// rule is recorded; what a rule keeps from being recorded is counted.
//
// Rules are for automatic entries alone. What staff write is always recorded, and so are entries of
// data protection, which the law asks for.
#pragma once
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/route.h"
#include "base/clock.h"
#include "base/fields.h"
#include "base/id.h"
#include "db/db.h"

namespace annals::catalog {

struct LoggingRule {
  base::Id id;
  std::string type;
  std::string source;  // empty for all sources
  bool enabled = true;
  std::string contact_type;        // of entries whose draft states none; empty for none
  std::vector<std::string> views;  // likewise
  std::int64_t version = 1;
  std::int64_t not_logged = 0;                  // what it kept from being recorded, ever
  std::optional<base::Micros> last_not_logged;  // when it last did
};

/// All of the business's, by type and source.
[[nodiscard]] std::vector<LoggingRule> logging_rules(db::Tx& tx);

/// Of rules for one type, what counts for `source`: that of the source before that of all sources.
/// Null where none does, the first where several do.
[[nodiscard]] const LoggingRule* rule_for(const std::vector<LoggingRule>& rules,
                                          std::string_view source);
/// As rule_for(), among the rules that the business has for `type`.
[[nodiscard]] std::optional<LoggingRule> find_logging_rule(db::Tx& tx, std::string_view type,
                                                           std::string_view source);

/// Inserts it, or replaces that of the same id. Counts stay.
void put(db::Tx& tx, db::BusinessKey business, const LoggingRule& rule);

/// Reads a new rule; what is wrong with it is an error of `body`.
[[nodiscard]] LoggingRule read_logging_rule(db::Tx& tx, base::Fields& body);

/// What a transaction does not record, counted by rule, source and quarter of an hour.
class NotLogged {
 public:
  void add(const LoggingRule& rule, std::string_view source, std::string_view category,
           base::Micros occurred_at);
  /// Writes the counts of this transaction. Always in the same order, so that servers which count
  /// at the same time wait for each other in turn.
  void keep(db::Tx& tx) const;

 private:
  struct Key {
    base::Id rule;
    std::int64_t slot;
    std::string source;
    auto operator<=>(const Key&) const = default;
  };
  struct Count {
    std::string category;
    std::int64_t number = 0;
  };
  std::map<Key, Count> counts_;
};

/// What was not recorded of a type from a source.
struct NotLoggedCount {
  std::string type;
  std::string source;
  std::string category;
  std::int64_t number = 0;
};
/// Of what happened from `from` until before `to`, to the quarter of an hour.
[[nodiscard]] std::vector<NotLoggedCount> not_logged_between(db::Tx& tx, base::Micros from,
                                                             base::Micros to);

/// GET, POST and PATCH of /logging-rules.
[[nodiscard]] access::Routes logging_rule_routes();

}  // namespace annals::catalog
