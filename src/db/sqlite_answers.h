// What the writer on SQLite remembers of its look-ups between transactions, since nobody else
// writes: most writes ask for the same business, types and contacts. Private to db/. For the
// writer's thread.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "db/business.h"
#include "db/db.h"
#include "db/sqlite_connection.h"

namespace annals::db {

class SqliteAnswers {
 public:
  /// What is remembered of the rows that `what` has for `key`.
  [[nodiscard]] std::optional<Rows> find(const LookUp& what, BusinessKey business,
                                         const Param& key) const;
  /// Asks for them, and remembers them.
  [[nodiscard]] Rows ask(SqliteConnection& connection, const LookUp& what, BusinessKey business,
                         const Param& key);
  /// To be called where append() added to them.
  void forget(const LookUp& what, BusinessKey business, const Param& key);
  /// To be called at the end of each commit.
  void forget_appended() { of_appended_.clear(); }
  /// To be called wherever something may have changed otherwise, also back.
  void forget() {
    of_appended_.clear();
    others_.clear();
  }

 private:
  using Answer = std::vector<std::vector<SqliteValue>>;
  class Known;

  using Map = std::unordered_map<std::string, std::shared_ptr<const Answer>>;
  Map of_appended_;
  Map others_;
};

}  // namespace annals::db
