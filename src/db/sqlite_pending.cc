#include "db/sqlite_pending.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"
#include "db/db.h"
#include "db/sqlite_connection.h"

namespace annals::db {

void SqlitePendingRows::add(const InsertInto& into, std::span<const Param> values) {
  rows_.push_back({.into = &into, .values = values_.size(), .bytes = bytes_.size()});
  for (const Param& param : values) {
    Value& value = values_.emplace_back();
    std::string_view bytes;
    if (const auto* number = std::get_if<std::int64_t>(&param.value())) {
      value.kind = Kind::kInteger;
      value.number = *number;
    } else if (const auto* text = std::get_if<std::string_view>(&param.value())) {
      value.kind = Kind::kText;
      bytes = *text;
    } else if (const auto* blob = std::get_if<base::ByteSpan>(&param.value())) {
      value.kind = Kind::kBytes;
      bytes = base::as_text(*blob);
    }
    value.begin = bytes_.size();
    value.size = bytes.size();
    bytes_ += bytes;
  }
}

void SqlitePendingRows::cut(Mark mark) {
  if (mark >= rows_.size()) return;
  values_.resize(rows_[mark].values);
  bytes_.resize(rows_[mark].bytes);
  rows_.resize(mark);
}

Param SqlitePendingRows::param(const Value& value) const {
  const std::string_view bytes = std::string_view(bytes_).substr(value.begin, value.size);
  switch (value.kind) {
    case Kind::kInteger:
      return {value.number};
    case Kind::kText:
      return {bytes};
    case Kind::kBytes:
      return {base::as_bytes(bytes)};
    case Kind::kNull:
      break;
  }
  return {nullptr};
}

void SqlitePendingRows::send(SqliteConnection& connection, Mark mark) {
  CHECK(mark <= rows_.size());
  std::vector<Param> params;
  for (std::size_t i = 0; i < mark; ++i) {
    const std::size_t end = i + 1 < rows_.size() ? rows_[i + 1].values : values_.size();
    params.clear();
    for (std::size_t at = rows_[i].values; at < end; ++at) params.push_back(param(values_[at]));
    connection.insert(*rows_[i].into, params);
  }
  rows_.erase(rows_.begin(), rows_.begin() + static_cast<std::ptrdiff_t>(mark));
  // What stays keeps its place in the other two until the last row is sent.
  if (!rows_.empty()) return;
  values_.clear();
  bytes_.clear();
}

}  // namespace annals::db
