#include "entries/load.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "catalog/catalog.h"
#include "db/db.h"
#include "entries/record.h"
#include "entries/record_text.h"
#include "entries/visibility.h"
#include "ledger/ledger.h"

namespace annals::entries {
namespace {

constexpr const char* kRow = R"(
  SELECT record, contact_seq, leaf_index, leaf FROM journal
  WHERE business = $2 AND pos = $1)";
constexpr const char* kLater = R"(
  SELECT pos, kind, recorded_at FROM supersession WHERE business = $1 AND entry = $2
  ORDER BY version)";

constexpr std::size_t kTagOffset = 2;  // in a leaf

}  // namespace

StoredText read_stored(const db::Row& row, int column) {
  const std::string_view record = row.text(column);
  return {.text = record.empty() ? RecordText() : RecordText(std::string(record)),
          .contact_seq = row.integer(column + 1),
          .leaf_index = row.integer(column + 2)};
}

Stored load(db::Tx& tx, std::int64_t pos) {
  db::Rows rows = tx.query(kRow, {pos, tx.business()});
  CHECK(rows.next());
  Stored stored{read_stored(*rows, 0), pos, {}, {}, rows->text(0).empty()};
  if (!stored.erased) stored.record = parse_record(stored.shown.text);
  const base::ByteSpan tag = rows->blob(3).subspan(kTagOffset, stored.contact_tag.bytes.size());
  std::copy(tag.begin(), tag.end(), stored.contact_tag.bytes.begin());
  return stored;
}

History load_history(db::Tx& tx, const base::Id& entry, const catalog::Sight& sight,
                     std::optional<base::Micros> as_of) {
  const auto pos = ledger::find_entry(tx, entry);
  if (!pos) throw base::not_found("entry");
  History history{.first = load(tx, *pos), .corrections = {}, .retraction = {}};
  const Record& first = history.first.record;
  if (as_of && first.recorded_at > *as_of) throw base::not_found("entry");
  db::Rows rows = tx.query(kLater, {tx.business(), entry});
  while (rows.next()) {
    if (as_of && rows->integer(2) > *as_of) continue;
    Stored later = load(tx, rows->integer(0));
    if (static_cast<ledger::Kind>(rows->integer(1)) == ledger::Kind::kRetraction) {
      history.retraction = std::move(later);
    } else {
      history.corrections.push_back(std::move(later));
    }
  }
  const Record& shown = history.latest().record;
  const std::optional<base::Id> author =
      shown.is_private ? std::optional(first.recorded_by.id) : std::nullopt;
  if (!visible(sight, shown.type, shown.contact_type, views_column(shown.views), author)) {
    throw base::not_found("entry");
  }
  return history;
}

}  // namespace annals::entries
