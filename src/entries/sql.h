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
  SqlText& operator<<(std::string_view text) {
    text_ += text;
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
