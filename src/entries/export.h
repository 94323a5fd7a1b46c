// The whole filtered result as a stream of CSV (RFC 4180) or NDJSON. Private to entries/.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "access/actor.h"
#include "base/id.h"
#include "db/db.h"
#include "entries/filter.h"
#include "http/message.h"

namespace annals::entries {

enum class StreamFormat { kCsv, kNdjson };

/// Reads page after page, each in a transaction of its own, so that a slow client holds none open.
/// What is recorded while it is sent may be in it. `database` must outlive the reply.
[[nodiscard]] http::Response stream(db::Database& database, db::BusinessKey business, Filter filter,
                                    Scope scope, StreamFormat format);

/// What a contact is called.
using ContactName = std::function<std::string(db::Tx&, const base::Id&)>;

/// The same, as the Contact History Report has it: a CSV has `columns` (keys, parted by commas; the
/// page's where there are none) under their titles. Throws kMalformed (`columns`).
[[nodiscard]] http::Response stream_report(db::Database& database, db::BusinessKey business,
                                           Filter filter, Scope scope, StreamFormat format,
                                           std::optional<std::string_view> columns,
                                           ContactName contact_name);

/// A CSV cell: quoted where needed; one that a spreadsheet would take for a formula begins with an
/// apostrophe.
void append_cell(std::string& out, std::string_view text);

}  // namespace annals::entries
