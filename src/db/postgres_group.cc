#include "db/postgres_group.h"

#include <libpq-fe.h>
#include <postgres_ext.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"
#include "db/answers.h"
#include "db/business.h"
#include "db/db.h"
#include "db/postgres_array.h"
#include "db/postgres_connection.h"

namespace annals::db {
namespace {

// pg_type.dat
constexpr Oid kBytea = 17;
constexpr Oid kInt8 = 20;
constexpr Oid kText = 25;

Oid type_of(const Param& key) {
  if (std::holds_alternative<std::int64_t>(key.value())) return kInt8;
  return std::holds_alternative<base::ByteSpan>(key.value()) ? kBytea : kText;
}

// Rows that stand in arrays, a column each.
class ArraysCursor final : public Cursor {
 public:
  ArraysCursor(const std::vector<BinaryArray>& columns, std::size_t count)
      : columns_(columns), count_(count) {}

  [[nodiscard]] bool next() override { return next_ < count_ && ++next_ > 0; }
  [[nodiscard]] bool is_null(int column) const override { return !value(column); }
  [[nodiscard]] std::int64_t integer(int column) const override {
    std::uint64_t bits = 0;
    for (const char byte : text(column)) bits = (bits << 8U) | static_cast<std::uint8_t>(byte);
    return static_cast<std::int64_t>(bits);
  }
  [[nodiscard]] std::string_view text(int column) const override {
    return value(column).value_or(std::string_view());
  }
  [[nodiscard]] base::ByteSpan blob(int column) const override {
    return base::as_bytes(text(column));
  }

 private:
  [[nodiscard]] std::optional<std::string_view> value(int column) const {
    return columns_[static_cast<std::size_t>(column)].at(next_ - 1);
  }

  const std::vector<BinaryArray>& columns_;
  std::size_t count_;
  std::size_t next_ = 0;  // after the current row
};

}  // namespace

void PostgresPendingRows::add(const InsertInto& into, std::span<const Param> values) {
  auto table = std::find_if(tables_.begin(), tables_.end(),
                            [&](const Table& one) { return one.into.table == into.table; });
  if (table == tables_.end()) {
    table = tables_.insert(tables_.end(), {.into = into, .columns = columns_of(into)});
  }
  CHECK(values.size() % table->columns.size() == 0);
  for (std::size_t i = 0; i < values.size(); ++i) {
    table->columns[i % table->columns.size()].add(values[i]);
  }
}

PostgresPendingRows::Mark PostgresPendingRows::mark() const {
  Mark mark;
  mark.reserve(tables_.size());
  for (const Table& table : tables_) mark.push_back(table.waiting());
  return mark;
}

bool PostgresPendingRows::grew_since(const Mark& mark) const {
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    if (tables_[i].waiting() > (i < mark.size() ? mark[i] : 0)) return true;
  }
  return false;
}

void PostgresPendingRows::subtract(Mark& mark, const Mark& sent) {
  for (std::size_t i = 0; i < mark.size() && i < sent.size(); ++i) {
    mark[i] -= std::min(mark[i], sent[i]);
  }
}

void PostgresPendingRows::cut(const Mark& mark) {
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    Table& table = tables_[i];
    const std::size_t keep = std::min(i < mark.size() ? mark[i] : 0, table.waiting());
    for (BinaryArray& column : table.columns) column.keep_first(table.sent + keep);
  }
}

void PostgresPendingRows::send(PostgresConnection& connection, const Mark& mark) {
  connection.settle();  // here, where it is known whose failure it is
  for (std::size_t i = 0; i < tables_.size() && i < mark.size(); ++i) {
    if (mark[i] == 0) continue;
    connection.insert(tables_[i].into, tables_[i].columns, tables_[i].sent, mark[i]);
    tables_[i].sent += mark[i];
  }
}

std::size_t PostgresPendingRows::waiting() const {
  std::size_t rows = 0;
  for (const Table& table : tables_) rows += table.waiting();
  return rows;
}

void PostgresPendingRows::post(PostgresConnection& connection) {
  for (Table& table : tables_) {
    const std::size_t count = table.waiting();
    if (count > 0) connection.post(table.into, table.columns, table.sent, count);
    table.sent += count;
  }
}

std::optional<Rows> PostgresPendingRows::sent(const InsertInto& into) const {
  const auto table = std::find_if(tables_.begin(), tables_.end(),
                                  [&](const Table& one) { return one.into.table == into.table; });
  if (!as_sent_ || table == tables_.end()) return std::nullopt;
  return Rows(std::make_unique<ArraysCursor>(table->columns, table->sent));
}

void Questions::add(const LookUp& what, const Param& key) {
  CHECK(!what.many.empty());
  if (known_.find(what, key) != nullptr) return;
  auto [it, fresh] = keys_.try_emplace(&what);
  if (fresh) it->second.array = BinaryArray(type_of(key));
  it->second.array.add(key);
  it->second.names.push_back(name_of(what, spelled(key)));
  ++size_;
}

void Questions::ask(PostgresConnection& connection, BusinessKey business,
                    PostgresAnswers& answers) const {
  std::vector<std::shared_ptr<PostgresAnswer>> posted;
  posted.reserve(keys_.size());
  for (const auto& [what, keys] : keys_) {
    posted.push_back(connection.post_ask_many(what->many, business, keys.array));
  }
  if (posted.empty()) return;
  connection.settle();
  auto answer = posted.begin();
  for (const auto& [what, keys] : keys_) {
    const std::shared_ptr<PGresult>& all = (*answer++)->result;
    std::unordered_map<std::string, PostgresAnswer> found;
    for (const std::string& name : keys.names) {
      found.insert_or_assign(name, PostgresAnswer{.result = all, .numbers = {}});
    }
    for (int row = 0; row < PQntuples(all.get()); ++row) {
      const std::string_view key(PQgetvalue(all.get(), row, 0),
                                 static_cast<std::size_t>(PQgetlength(all.get(), row, 0)));
      found.at(name_of(*what, key)).numbers.push_back(row);
    }
    for (auto& [name, one] : found) answers.keep(*what, name, std::move(one));
  }
}

}  // namespace annals::db
