// Entries as the API shows them. Private to entries/.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "db/db.h"
#include "entries/deliver.h"
#include "entries/load.h"
#include "entries/record_text.h"
#include "entries/timeline.h"

namespace annals::entries {

/// A shown entry: its latest version (as of the reading) and what is told of the others.
struct View {
  StoredText latest;
  std::optional<StoredText> earlier;  // the first version, where it is not the latest
  std::optional<StoredText> retraction;
  bool pinned = false;
  Trail trail;  // its delivery events
  [[nodiscard]] const StoredText& first() const { return earlier ? *earlier : latest; }
};

/// Of the lines of a page, as known at `as_of` where given.
[[nodiscard]] std::vector<View> views_of(db::Tx& tx, std::vector<Line> lines,
                                         const std::optional<base::Micros>& as_of);
[[nodiscard]] View view_of(db::Tx& tx, const History& history);
/// Empty for none.
[[nodiscard]] std::string_view status_of(const View& view);

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

 private:
  const std::string& views(const RecordText& text);

  db::Tx& tx_;
  // The views of types and contact types, as JSON, by how the two are written.
  std::map<std::string, std::string, std::less<>> views_;
};

}  // namespace annals::entries
