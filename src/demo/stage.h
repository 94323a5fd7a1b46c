// Plays a story on a database: its clock stands where the story is, its staff do what they are said
// to do, through the routes that the web app uses.
#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "access/access.h"
#include "access/actor.h"
#include "access/route.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "db/db.h"
#include "demo/story.h"
#include "entries/entries.h"

namespace annals::demo {

class Stage {
 public:
  /// All must outlive it. `staff` are those of the story's setting, in that order.
  Stage(db::Database& database, base::ManualClock& clock, access::Business business,
        std::vector<access::Actor> staff);

  /// Adds a contact type of the business's own.
  void add_contact_type(const std::string& name);
  /// Plays all steps. Throws where one is refused, which a story never is.
  void play(const Story& story);

 private:
  void play_batch(const std::vector<Step>& steps, std::size_t begin, std::size_t end);
  void record(db::Tx& tx, const Step& step, const base::Json& json);
  void play_call(const Step& step);
  base::Json answer(const access::Actor& actor, const std::string& method,
                    const std::string& pattern, const std::string& id, std::string body,
                    const std::string& content_type);
  [[nodiscard]] base::Id upload(const access::Actor& actor, const File& file);
  [[nodiscard]] const access::Actor& actor(int by) const;

  db::Database& database_;
  base::ManualClock& clock_;
  access::Business business_;
  std::vector<access::Actor> staff_;
  access::Actor system_;
  access::Routes routes_;
  std::vector<std::optional<entries::ContactRef>> contacts_;  // by person
  std::vector<base::Id> made_;                                // by step: its entry or task
};

}  // namespace annals::demo
