// Entries as the API shows them. Private to entries/.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "db/db.h"
#include "entries/load.h"
#include "entries/timeline.h"

namespace annals::entries {

/// A shown entry: its latest version (as of the reading) and what is told of the others.
struct View {
  Stored latest;
  Stored first;  // the same as `latest` where nothing was corrected
  std::optional<Stored> retraction;
  bool pinned = false;
};

/// Of a line of a page.
[[nodiscard]] View view_of(db::Tx& tx, const Line& line);
[[nodiscard]] View view_of(db::Tx& tx, const History& history);

/// Writes views as JSON, one transaction long: it remembers what the views of types are.
class ViewWriter {
 public:
  explicit ViewWriter(db::Tx& tx) : tx_(tx) {}

  /// The members of an entry, without the braces. `words` of a search add `highlights`.
  void write_members(base::JsonWriter& out, const View& view,
                     const std::vector<std::string>& words = {});
  /// An object of its own.
  void write(base::JsonWriter& out, const View& view, const std::vector<std::string>& words = {});
  /// With versions and notes about it: GET /entries/{id}.
  void write_detail(base::JsonWriter& out, const History& history, const catalog::Sight& sight);

  [[nodiscard]] const std::vector<std::string>& views(const Record& record);

 private:
  db::Tx& tx_;
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> views_;
};

/// The status that an entry's type tells of, empty for none.
[[nodiscard]] std::string status_of(const Record& record);

}  // namespace annals::entries
