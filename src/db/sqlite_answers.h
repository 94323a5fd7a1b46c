// What the writer on SQLite remembers of its look-ups between transactions, since nobody else
// writes: most writes ask for the same business, types and contacts. Private to db/. For the
// writer's thread.
#pragma once
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "db/answers.h"
#include "db/business.h"
#include "db/db.h"
#include "db/sqlite_connection.h"

namespace annals::db {

using SqliteAnswer = std::shared_ptr<const std::vector<std::vector<SqliteValue>>>;

/// Those of all businesses.
class SqliteAnswers {
 public:
  /// What is remembered of the rows that `what` has for `key`.
  [[nodiscard]] std::optional<Rows> find(const LookUp& what, BusinessKey business,
                                         const Param& key) const;
  /// Asks for them, and remembers them.
  [[nodiscard]] Rows ask(SqliteConnection& connection, const LookUp& what, BusinessKey business,
                         const Param& key);
  // As those of Answers.
  void forget(const LookUp& what, BusinessKey business, const Param& key) {
    of_[business].forget(what, key);
  }
  void forget_appended() {
    for (auto& [business, answers] : of_) answers.forget_appended();
  }
  void forget() { of_.clear(); }

 private:
  std::unordered_map<BusinessKey, Answers<SqliteAnswer>> of_;
};

}  // namespace annals::db
