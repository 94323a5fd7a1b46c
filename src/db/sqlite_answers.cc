#include "db/sqlite_answers.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/encoding.h"
#include "base/error.h"
#include "db/business.h"
#include "db/db.h"
#include "db/sqlite_connection.h"

namespace annals::db {
namespace {

constexpr std::size_t kAnswersMax = 20'000;

template <class Number>
void append_bytes(std::string& name, Number number) {
  const auto bytes = std::bit_cast<std::array<char, sizeof(Number)>>(number);
  name.append(bytes.data(), bytes.size());
}

std::string name_of(const LookUp& what, BusinessKey business, const Param& key) {
  std::string name;
  append_bytes(name, std::bit_cast<std::uintptr_t>(&what));
  append_bytes(name, business);
  if (const auto* text = std::get_if<std::string_view>(&key.value())) {
    name += *text;
  } else if (const auto* blob = std::get_if<base::ByteSpan>(&key.value())) {
    name += base::as_text(*blob);
  } else {
    const auto* number = std::get_if<std::int64_t>(&key.value());
    CHECK(number != nullptr);
    append_bytes(name, *number);
  }
  return name;
}

}  // namespace

class SqliteAnswers::Known final : public Cursor {
 public:
  explicit Known(std::shared_ptr<const Answer> answer) : answer_(std::move(answer)) {}

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

  std::shared_ptr<const Answer> answer_;
  std::size_t next_ = 0;
};

std::optional<Rows> SqliteAnswers::find(const LookUp& what, BusinessKey business,
                                        const Param& key) const {
  const Map& known = what.of_appended ? of_appended_ : others_;
  const auto found = known.find(name_of(what, business, key));
  if (found == known.end()) return std::nullopt;
  return Rows(std::make_unique<Known>(found->second));
}

Rows SqliteAnswers::ask(SqliteConnection& connection, const LookUp& what, BusinessKey business,
                        const Param& key) {
  const std::array<Param, 2> params{business, key};
  const auto answer = std::make_shared<const Answer>(connection.fetch(what.one, params));
  Map& known = what.of_appended ? of_appended_ : others_;
  if (known.size() >= kAnswersMax) known.clear();
  known.insert_or_assign(name_of(what, business, key), answer);
  return Rows(std::make_unique<Known>(answer));
}

void SqliteAnswers::forget(const LookUp& what, BusinessKey business, const Param& key) {
  (what.of_appended ? of_appended_ : others_).erase(name_of(what, business, key));
}

}  // namespace annals::db
