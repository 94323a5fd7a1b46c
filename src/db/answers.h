// What a writer remembers of its look-ups, on either engine. Private to db/. For the writer's
// thread.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "db/db.h"

namespace annals::db {

/// A key as PostgreSQL gives it in a binary result.
[[nodiscard]] std::string spelled(const Param& key);
/// What names a question among all.
[[nodiscard]] std::string name_of(const LookUp& what, std::string_view key);

/// Answers to LookUps. They belong to one business.
template <class Answer>
class Answers {
 public:
  /// Null where it is not known.
  [[nodiscard]] const Answer* find(const LookUp& what, const Param& key) const {
    const Known& known = what.of_appended ? of_appended_ : others_;
    const auto it = known.find(name_of(what, spelled(key)));
    return it == known.end() ? nullptr : &it->second;
  }
  void keep(const LookUp& what, const Param& key, Answer answer) {
    keep(what, name_of(what, spelled(key)), std::move(answer));
  }
  void keep(const LookUp& what, std::string name, Answer answer) {
    Known& known = what.of_appended ? of_appended_ : others_;
    if (known.size() >= kAnswersMax) known.clear();
    known.insert_or_assign(std::move(name), std::move(answer));
  }

  /// To be called where append() added to it.
  void forget(const LookUp& what, const Param& key) {
    (what.of_appended ? of_appended_ : others_).erase(name_of(what, spelled(key)));
  }
  /// To be called at the end of each commit.
  void forget_appended() { of_appended_.clear(); }
  /// To be called wherever something may have changed otherwise, also back.
  void forget() {
    of_appended_.clear();
    others_.clear();
  }

 private:
  static constexpr std::size_t kAnswersMax = 20'000;  // contacts, above all
  using Known = std::unordered_map<std::string, Answer>;
  Known of_appended_;
  Known others_;
};

}  // namespace annals::db
