// The statements of the bare engine on SQLite: what the server writes, with the tables of our
// migrations, the settings of src/db/sqlite.cc, and nothing around it.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/id.h"
#include "bench/histogram.h"
#include "bench/values.h"

namespace annals::bench {

/// The acknowledged transaction: `journal` and `idempotency` in annals.db, synchronous=FULL. One
/// thread. Between commits it checkpoints as the server does, once the log has passed 64 MiB.
class JournalWriter {
 public:
  explicit JournalWriter(const std::string& folder);
  ~JournalWriter();
  JournalWriter(const JournalWriter&) = delete;
  JournalWriter& operator=(const JournalWriter&) = delete;

  /// Commits `rows` durably, at the journal's next positions.
  void commit(std::span<const Row* const> rows);
  /// Call it after those who waited were told.
  void checkpoint_if_due();
  /// How many entries the journal held at the start: numbers go on from there.
  [[nodiscard]] std::uint64_t first_number() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// The derived tables, written behind the journal by a thread of its own in batches, as the
/// server's applier does: timeline, timeline_all, entry_versions, entry_search (FTS5), heads,
/// tally, applied; derived.db, synchronous=NORMAL. It is given the rows instead of reading the
/// journal.
class Applier {
 public:
  explicit Applier(const std::string& folder);
  ~Applier();
  Applier(const Applier&) = delete;
  Applier& operator=(const Applier&) = delete;

  /// Waits while 20,000 rows are waiting, then takes these.
  void give(std::vector<Row> rows);
  /// Waits until everything given is applied.
  void drain();
  /// From a commit to its rows being there. Read it after drain().
  [[nodiscard]] const Histogram& lag() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// Makes the files of an empty data folder, or leaves those that are there.
void prepare_folder(const std::string& folder);

/// The contacts that have entries in the folder; `count` made ones where it has none.
[[nodiscard]] std::vector<base::Id> contacts_of(const std::string& folder, std::size_t count);

}  // namespace annals::bench
