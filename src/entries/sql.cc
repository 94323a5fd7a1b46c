#include "entries/sql.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "base/id.h"

namespace annals::entries {

void SqlText::number() { text_ += "$" + std::to_string(params_.size()); }

SqlText& SqlText::value(std::int64_t whole) {
  params_.emplace_back(whole);
  number();
  return *this;
}

SqlText& SqlText::value(std::string_view text) {
  texts_.emplace_back(text);
  params_.emplace_back(std::string_view(texts_.back()));
  number();
  return *this;
}

SqlText& SqlText::value(const base::Id& id) {
  ids_.push_back(id);
  params_.emplace_back(ids_.back());
  number();
  return *this;
}

}  // namespace annals::entries
