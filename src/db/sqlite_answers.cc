#include "db/sqlite_answers.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "db/business.h"
#include "db/db.h"
#include "db/sqlite_connection.h"

namespace annals::db {
namespace {

class KnownCursor final : public Cursor {
 public:
  explicit KnownCursor(SqliteAnswer answer) : answer_(std::move(answer)) {}

  [[nodiscard]] bool next() override { return next_++ < answer_->size(); }
  [[nodiscard]] bool is_null(int column) const override { return at(column).is_null; }
  [[nodiscard]] std::int64_t integer(int column) const override { return at(column).integer; }
  [[nodiscard]] std::string_view text(int column) const override { return at(column).bytes; }
  [[nodiscard]] base::ByteSpan blob(int column) const override {
    return base::as_bytes(at(column).bytes);
  }

 private:
  [[nodiscard]] const SqliteValue& at(int column) const {
    return answer_->at(next_ - 1).at(static_cast<std::size_t>(column));
  }

  SqliteAnswer answer_;
  std::size_t next_ = 0;
};

}  // namespace

std::optional<Rows> SqliteAnswers::find(const LookUp& what, BusinessKey business,
                                        const Param& key) const {
  const auto of = of_.find(business);
  const SqliteAnswer* known = of == of_.end() ? nullptr : of->second.find(what, key);
  if (known == nullptr) return std::nullopt;
  return Rows(std::make_unique<KnownCursor>(*known));
}

Rows SqliteAnswers::ask(SqliteConnection& connection, const LookUp& what, BusinessKey business,
                        const Param& key) {
  const std::array<Param, 2> params{business, key};
  const auto answer = std::make_shared<const std::vector<std::vector<SqliteValue>>>(
      connection.fetch(what.one, params));
  of_[business].keep(what, key, answer);
  return Rows(std::make_unique<KnownCursor>(answer));
}

}  // namespace annals::db
