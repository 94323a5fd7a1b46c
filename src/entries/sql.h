// SQL that is assembled from a filter: text with $N, and the values that belong to it. Private to
// entries/.
#pragma once
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "db/db.h"

namespace annals::entries {

class SqlText {
 public:
  SqlText() = default;
  ~SqlText() = default;
  SqlText(SqlText&&) noexcept = default;
  SqlText& operator=(SqlText&&) = delete;
  SqlText(const SqlText&) = delete;  // the parameters are views of what it holds
  SqlText& operator=(const SqlText&) = delete;

  SqlText& operator<<(std::string_view text) {
    text_ += text;
    return *this;
  }
  /// Puts what is written so far between `before` and `after`, which hold no values.
  SqlText& wrap(std::string_view before, std::string_view after) {
    text_.insert(0, before);
    text_ += after;
    return *this;
  }
  /// Adds a value and writes its `$N`. Texts and ids are copied.
  SqlText& value(std::int64_t whole);
  SqlText& value(std::string_view text);
  SqlText& value(const base::Id& id);
  /// `($1, $2, …)`; `(NULL)` for none, which nothing is in.
  template <class List>
  SqlText& list(const List& items) {
    text_ += '(';
    bool first = true;
    for (const auto& item : items) {
      if (!first) text_ += ", ";
      first = false;
      value(item);
    }
    if (first) text_ += "NULL";
    text_ += ')';
    return *this;
  }

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::span<const db::Param> params() const { return params_; }

 private:
  void number();
  std::string text_;
  std::deque<std::string> texts_;  // a deque: its items do not move
  std::deque<base::Id> ids_;
  std::vector<db::Param> params_;
};

}  // namespace annals::entries
