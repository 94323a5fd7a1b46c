// A story is what happens to the clients of one business, as a list of steps in time; the stage
// (stage.h) plays it. Telling it reads no clock and no database, so that one seed gives one story.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/random.h"
#include "base/time.h"

namespace annals::demo {

using base::Json;

inline constexpr int kAutomatic = -1;  // captured from a system of the business's

struct Person {
  Json body;  // as POST /contacts takes it
  base::Micros joined = 0;
  std::optional<std::size_t> organization{};  // number of the person that it is
  std::string given;
  std::string name;  // whole
  std::string email;
  std::string phone;
  bool german = false;
};

struct File {
  std::string name;
  std::string media_type;
  std::string bytes;
};

/// One entry, as the teller says it.
struct Telling {
  std::string type;
  std::string title{};
  std::string text{};
  std::vector<std::pair<std::string, Json>> details{};
  int by = kAutomatic;  // number of the staff member who writes it
  std::string actor{};  // of an automatic one: contact, automation; empty for nobody
  int staff = -1;       // of an automatic one: the staff member who did it
  std::string contact_type{};
  std::string method{};
  std::string direction{};
  std::optional<std::int64_t> cents{};
  std::vector<std::string> views{};
  bool is_private = false;
  std::vector<std::array<std::string, 3>> changes{};  // field, old, new
  std::vector<File> files{};
  std::optional<std::size_t> about{};  // number of a step
};

struct Step {
  enum class Kind { kCreate, kEntry, kDelivery, kCall };
  Kind kind = Kind::kEntry;
  base::Micros at = 0;
  std::size_t number = 0;  // in the order of telling
  std::size_t person = 0;
  int by = kAutomatic;
  Json json{};
  std::vector<File> files{};
  std::optional<std::size_t> about{};
  // Of a call: what is asked for. {contact}, {entry} and {task} stand for the ids of `person`, of
  // the step `target`, and of the task that the step `target` made.
  std::string method{};
  std::string path{};
  std::optional<std::size_t> target{};  // of a delivery event: what made its entry
  std::optional<std::size_t> other{};   // of a merge: the person to merge into
};

struct Setting {
  std::string name;
  std::string time_zone;
  std::string locale;
  std::string currency;
  bool german = false;
  std::string domain;              // of its own mail addresses
  std::vector<std::string> staff;  // names; the first is the owner
  std::vector<std::string> types;  // contact types of its own
};

class Story {
 public:
  Story(Setting setting, base::Micros now, std::uint64_t seed);

  // Chance.
  [[nodiscard]] bool chance(std::uint32_t percent) { return random_.below(100) < percent; }
  /// Within both ends.
  [[nodiscard]] std::int64_t between(std::int64_t low, std::int64_t high);
  template <class Items>
  [[nodiscard]] const auto& pick(const Items& items) {
    return *(std::begin(items) + random_.below(static_cast<std::uint32_t>(std::size(items))));
  }
  /// English, or German where the person reads that.
  [[nodiscard]] std::string say(std::size_t person, const char* english, const char* german) const {
    return people_[person].german ? german : english;
  }
  /// In the language of the house.
  [[nodiscard]] std::string house(const char* english, const char* german) const {
    return setting_.german ? german : english;
  }

  // Time. Days count from today, 0; what has passed is below.
  [[nodiscard]] base::Micros at(std::int64_t day, std::int64_t hour, std::int64_t minute = 0) const;
  [[nodiscard]] std::int64_t day_of(base::Micros instant) const;
  [[nodiscard]] base::Micros now() const { return now_; }
  [[nodiscard]] std::string date(std::int64_t day) const;  // 2016-05-02

  // People.
  std::size_t add(Person person);
  [[nodiscard]] const Person& person(std::size_t number) const { return people_[number]; }
  [[nodiscard]] const std::vector<Person>& people() const { return people_; }
  /// A person as the house's region has them; `joined_day` ≤ 0.
  Person make_person(std::int64_t joined_day);
  Person make_organization(std::int64_t joined_day, const std::string& name);

  // Steps. What lies after now, or before its client joined, is not told; 0 stands for it.
  std::size_t tell(std::size_t person, base::Micros at, Telling telling);
  void correct(std::size_t step, base::Micros at, int by, const char* field,
               const std::string& value, const std::string& reason);
  void retract(std::size_t step, base::Micros at, int by, const std::string& reason);
  /// What is reported of the message that a step sent.
  void deliver(std::size_t step, base::Micros at, const char* status,
               const std::string& reason = {}, bool machine = false);
  void pin(std::size_t step, base::Micros at, int by);
  /// `done`: completed then, where that has passed. `canceled`: in place of it.
  void task(std::size_t person, base::Micros at, int by, const std::string& title,
            std::int64_t due_day, std::optional<base::Micros> done, bool canceled = false);
  void change(std::size_t person, base::Micros at, int by, Json patch);
  void merge(std::size_t person, std::size_t into, base::Micros at, int by);
  void unmerge(std::size_t person, base::Micros at, int by);

  [[nodiscard]] base::Micros time_of(std::size_t step) const { return steps_[step].at; }
  [[nodiscard]] const Setting& setting() const { return setting_; }
  /// All steps in the order of time, people's creation among them.
  [[nodiscard]] std::vector<Step> steps() const;

 private:
  Step& call(std::size_t person, base::Micros at, int by, std::string method, std::string path);
  [[nodiscard]] bool happened(std::size_t person, base::Micros at) const;

  Setting setting_;
  base::Micros now_;
  base::Day today_;
  base::SeededRandom random_;
  std::vector<Person> people_;
  std::vector<Step> steps_;
};

// JSON in short.
[[nodiscard]] inline Json word(std::string text) { return Json::string(std::move(text)); }
[[nodiscard]] inline Json count(std::int64_t number) { return Json::number(number); }
[[nodiscard]] Json object(std::vector<Json::Member> members);

}  // namespace annals::demo
