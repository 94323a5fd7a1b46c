// The run of an import: one thread reads and plans rows, the caller's stores them, batch by batch.
#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <exception>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

#include "access/actor.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "catalog/catalog.h"
#include "contacts/contacts.h"
#include "db/db.h"
#include "entries/entries.h"
#include "transfer/csv.h"
#include "transfer/import.h"
#include "transfer/input.h"
#include "transfer/mapping.h"
#include "transfer/mapping_text.h"
#include "transfer/row_file.h"
#include "transfer/row_keys.h"
#include "transfer/transfer.h"

namespace annals::transfer {
namespace {

constexpr std::size_t kBatchesAheadMax = 4;

std::string read_mapping(const std::string& path) {
  const auto input = open_input(path);
  std::string text;
  while (text.size() <= base::limits::kMappingBytesMax && input->read(text, 64 * 1024)) {
  }
  return text;
}

// What the catalog and the log views must know is asked once, before anything is stored.
void check_stated(db::Database& database, const access::Actor& actor, const Mapping& mapping) {
  database.read(actor.business, [&](db::Tx& tx) {
    for (const Stated& stated : mapping.stated()) {
      const auto check = [&](const char* key, const auto& ask) {
        try {
          ask();
        } catch (const base::Error& error) {
          const std::string field = error.errors().empty() ? key : error.errors()[0].field;
          const auto place = stated.places.find(field);
          fail_at(place != stated.places.end() ? place->second : stated.places.at("type"),
                  "catalog", error.errors().empty() ? error.message() : error.errors()[0].message);
        }
      };
      check("type", [&] { (void)catalog::resolve_type(tx, stated.type, stated.category); });
      if (stated.contact_type) {
        check("contact_type",
              [&] { (void)catalog::resolve_contact_type(tx, *stated.contact_type); });
      }
      check("views", [&] { catalog::check_views(tx, stated.views); });
    }
  });
}

struct Batch {
  std::vector<RowPlan> rows;
  std::int64_t bytes_read = 0;
};

// Plans rows on a thread of its own, a few batches ahead.
class Planner {
 public:
  Planner(Input& input, CsvReader& reader, const Mapping& mapping, std::int64_t batch_entries)
      : input_(input),
        reader_(reader),
        mapping_(mapping),
        batch_entries_(static_cast<std::size_t>(std::max<std::int64_t>(batch_entries, 1))),
        thread_([this] { run(); }) {}
  Planner(const Planner&) = delete;
  Planner& operator=(const Planner&) = delete;
  ~Planner() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    moved_.notify_all();
    thread_.join();
  }

  /// The next batch; nothing at the end. Throws what reading met, once all before it was taken.
  std::optional<Batch> take() {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [this] { return !batches_.empty() || ended_; });
    if (batches_.empty()) {
      if (failure_) std::rethrow_exception(failure_);
      return std::nullopt;
    }
    Batch batch = std::move(batches_.front());
    batches_.pop_front();
    lock.unlock();
    moved_.notify_all();
    return batch;
  }

 private:
  void run() {
    std::exception_ptr failure;
    try {
      while (plan_batch()) {
      }
    } catch (...) {
      failure = std::current_exception();
    }
    {
      const std::lock_guard lock(mutex_);
      failure_ = failure;
      ended_ = true;
    }
    moved_.notify_all();
  }

  // False at the end, or when nobody wants more.
  bool plan_batch() {
    Batch batch;
    std::size_t entries = 0;
    CsvRow row;
    bool more = true;
    try {
      while (entries < batch_entries_ && batch.rows.size() < batch_entries_ &&
             (more = reader_.next(row))) {
        batch.rows.push_back(mapping_.plan(std::move(row)));
        entries += batch.rows.back().drafts.size();
      }
    } catch (...) {
      // What was read before the fault counts.
      batch.bytes_read = input_.position();
      (void)push(std::move(batch));
      throw;
    }
    batch.bytes_read = input_.position();
    return push(std::move(batch)) && more;
  }

  bool push(Batch batch) {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [this] { return batches_.size() < kBatchesAheadMax || stopping_; });
    if (stopping_) return false;
    if (!batch.rows.empty()) batches_.push_back(std::move(batch));
    lock.unlock();
    moved_.notify_all();
    return true;
  }

  Input& input_;
  CsvReader& reader_;
  const Mapping& mapping_;
  const std::size_t batch_entries_;
  std::mutex mutex_;
  std::condition_variable moved_;
  std::deque<Batch> batches_;
  bool ended_ = false;
  bool stopping_ = false;
  std::exception_ptr failure_;
  std::thread thread_;  // last, so that it starts when all else is made
};

// What storing one row did.
struct Stored {
  base::Id contact;
  bool created = false;
  std::int64_t entries_created = 0;
  std::int64_t entries_duplicate = 0;
};

bool is_about_the_row(base::Code code) {
  switch (code) {
    case base::Code::kUnavailable:
    case base::Code::kUnknownOutcome:
    case base::Code::kStorageFull:
    case base::Code::kInternal:
    case base::Code::kUnauthenticated:
      return false;
    default:
      return true;
  }
}

bool has_code(const base::Error& error, std::string_view code) {
  return !error.errors().empty() && error.errors()[0].code == code;
}

entries::ContactRef find_or_create(db::Tx& tx, const access::Actor& actor, const RowPlan& row,
                                   Stored& stored) {
  try {
    return contacts::resolve(tx, actor, row.selector, nullptr, "contact");
  } catch (const base::Error& error) {
    if (!row.create || !has_code(error, "contact_not_found")) throw;
  }
  stored.created = true;
  return contacts::resolve(tx, actor, row.selector, &*row.create, "contact");
}

// A row whose entries are all there needs no contact: it may have been merged or erased since.
std::optional<Stored> find_repeat(db::Tx& tx, const access::Actor& actor, const RowPlan& row) {
  Stored stored;
  for (const entries::Draft& draft : row.drafts) {
    const auto known = entries::find_duplicate(tx, actor, draft);
    if (!known) return std::nullopt;
    stored.contact = known->contact_id;
    ++stored.entries_duplicate;
  }
  if (row.drafts.empty()) return std::nullopt;
  return stored;
}

Stored store(db::Tx& tx, const access::Actor& actor, const RowPlan& row) {
  if (const auto repeat = find_repeat(tx, actor, row)) return *repeat;
  Stored stored;
  const entries::ContactRef contact = find_or_create(tx, actor, row, stored);
  stored.contact = contact.id;
  for (const entries::Draft& draft : row.drafts) {
    const entries::Recorded recorded = entries::record(tx, actor, contact, draft);
    ++(recorded.duplicate ? stored.entries_duplicate : stored.entries_created);
  }
  return stored;
}

void ask_ahead(db::Tx& tx, db::Asks& asks, const RowPlan& row) {
  for (const entries::Draft& draft : row.drafts) entries::ask_ahead(tx, asks, draft);
  contacts::ask_ahead(tx, asks, row.selector);
}

/// Takes a transaction back that all went well in.
struct TakenBack : std::exception {};

std::uint64_t hash_of(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) {
    text += std::to_string(part.size()) + ":";
    text += part;
  }
  const base::Digest digest = base::sha256({base::as_bytes(text)});
  std::uint64_t hash = 0;
  std::memcpy(&hash, digest.data(), sizeof hash);
  return hash;
}

// What a dry run would have stored, which no transaction shows: keys of entries with and without
// what they say, and what contacts are found by. Beyond its size nothing is kept.
class Remembered {
 public:
  enum class Seen { kNot, kSame, kOther };

  [[nodiscard]] Seen draft(const entries::Draft& draft) const {
    if (!keys_.contains(key_of(draft))) return Seen::kNot;
    return drafts_.contains(content_of(draft)) ? Seen::kSame : Seen::kOther;
  }
  [[nodiscard]] bool contact(const contacts::Selector& selector) const {
    return contacts_.contains(key_of(selector));
  }
  void add(const RowPlan& row, bool contact_created) {
    if (contact_created) (void)contacts_.insert(key_of(row.selector), kSizeMax);
    for (const entries::Draft& draft : row.drafts) {
      (void)keys_.insert(key_of(draft), kSizeMax);
      (void)drafts_.insert(content_of(draft), kSizeMax);
    }
  }

 private:
  static constexpr std::size_t kSizeMax = base::limits::kImportUnkeyedRowsMax;
  static std::uint64_t key_of(const entries::Draft& draft) {
    return hash_of({draft.source.value_or(""), draft.source_id.value_or("")});
  }
  static std::uint64_t content_of(const entries::Draft& draft) {
    return hash_of({draft.source.value_or(""), draft.source_id.value_or(""), draft.canonical});
  }
  static std::uint64_t key_of(const contacts::Selector& selector) {
    if (selector.uid) return hash_of({"uid", selector.uid->first, selector.uid->second});
    if (selector.client_number) return hash_of({"client_number", *selector.client_number});
    if (selector.email) return hash_of({"email", base::ascii_lower(*selector.email)});
    return hash_of({"phone", selector.phone.value_or("")});
  }
  HashSet keys_;
  HashSet drafts_;
  HashSet contacts_;
};

class Run {
 public:
  Run(db::Database& database, const access::Actor& actor, const ImportRun& order, RowFile& rejected,
      RowFile& warnings, ImportReport& report)
      : database_(database),
        actor_(actor),
        order_(order),
        rejected_(rejected),
        warnings_(warnings),
        report_(report) {}

  void add(const Batch& batch) {
    std::vector<const RowPlan*> rows;
    for (const RowPlan& row : batch.rows) {
      ++report_.counts.rows;
      if (row.rejected) {
        reject(row, *row.rejected, row.faults);
      } else if (row.skipped) {
        ++report_.counts.skipped;
      } else {
        rows.push_back(&row);
      }
    }
    store_rows(rows);
  }

  void finish() {
    report_.rejected_file = rejected_.finish();
    report_.warnings_file = warnings_.finish();
  }

 private:
  // Stores rows in one transaction. A row that fails takes those before it out of the transaction
  // with it; they are stored on their own, then it is rejected, then the rest follows.
  void store_rows(const std::vector<const RowPlan*>& rows) {
    std::size_t begin = 0;
    std::size_t end = rows.size();
    while (begin < rows.size()) {
      std::vector<Stored> stored;
      std::size_t failed = begin;
      try {
        write_patiently(
            [&](db::Tx& tx) {
              stored.clear();
              for (failed = begin; failed < end; ++failed) {
                stored.push_back(store_or_try(tx, *rows[failed]));
              }
              if (order_.dry_run) throw TakenBack();
            },
            [&](db::Tx& tx, db::Asks& asks) {
              for (std::size_t i = begin; i < end; ++i) ask_ahead(tx, asks, *rows[i]);
            });
      } catch (const TakenBack&) {
        failed = end;
      } catch (const base::Error& error) {
        if (failed >= end || !is_about_the_row(error.code())) throw;
        if (failed > begin) {
          end = failed;
          continue;
        }
        reject(*rows[begin], error.message(), faults_of(error));
        stored.clear();
        end = begin + 1;
      }
      for (std::size_t i = 0; i < stored.size(); ++i) count(*rows[begin + i], stored[i]);
      begin = end;
      end = rows.size();
    }
  }

  // On a machine that is busy the index may be far behind, and then each try waits for it some
  // seconds. What was refused was not stored.
  void write_patiently(const std::function<void(db::Tx&)>& work, const db::Database::Ahead& ahead) {
    static constexpr int kTriesMax = 12;
    for (int tries = 1;; ++tries) {
      try {
        return database_.write(actor_.business, work, ahead);
      } catch (const base::Error& error) {
        if (error.code() != base::Code::kUnavailable || tries == kTriesMax) throw;
      }
    }
  }

  [[nodiscard]] bool says_otherwise(const RowPlan& row) const {
    return std::any_of(row.drafts.begin(), row.drafts.end(), [&](const entries::Draft& draft) {
      return remembered_.draft(draft) == Remembered::Seen::kOther;
    });
  }

  Stored store_or_try(db::Tx& tx, const RowPlan& row) const {
    if (order_.dry_run && says_otherwise(row)) {
      throw base::invalid("source_id", "idempotency_conflict",
                          "another row before it has the same, and says something else; each entry "
                          "needs its own");
    }
    if (!order_.dry_run || !row.create || !remembered_.contact(row.selector)) {
      return store(tx, actor_, row);
    }
    // The contact would be there, so that what this row says of it does not matter.
    RowPlan later = row;
    later.create = base::Json::object(
        {{"kind", base::Json::string("person")}, {"given_name", base::Json::string("-")}});
    return store(tx, actor_, later);
  }

  // Of a dry run, less what rows before have stored already.
  void count_entries(const RowPlan& row, const Stored& stored) {
    ImportCounts& counts = report_.counts;
    std::int64_t before = 0;
    if (order_.dry_run) {
      before = std::count_if(row.drafts.begin(), row.drafts.end(), [&](const auto& draft) {
        return remembered_.draft(draft) == Remembered::Seen::kSame;
      });
      before = std::min(before, stored.entries_created);
    }
    counts.entries_created += stored.entries_created - before;
    counts.entries_duplicate += stored.entries_duplicate + before;
  }

  void count(const RowPlan& row, const Stored& stored) {
    ImportCounts& counts = report_.counts;
    count_entries(row, stored);
    const bool again = order_.dry_run && remembered_.contact(row.selector);
    if (!again && seen_.insert(stored.contact).second) {
      ++(stored.created ? counts.contacts_created : counts.contacts_found);
    }
    if (order_.dry_run) remembered_.add(row, stored.created);
    if (row.warnings.empty()) return;
    ++counts.warned;
    std::string reason;
    for (const std::string& warning : row.warnings) {
      reason += (reason.empty() ? "" : "; ") + warning;
    }
    warnings_.add(row.line, row.raw, reason);
    if (report_.warnings.size() < order_.findings_max)
      report_.warnings.push_back({row.line, reason});
  }

  void reject(const RowPlan& row, const std::string& reason,
              const std::vector<ImportFault>& faults) {
    ++report_.counts.rejected;
    rejected_.add(row.line, row.raw, reason);
    if (report_.rejected.size() < order_.findings_max)
      report_.rejected.push_back({row.line, reason, faults});
  }

  db::Database& database_;
  const access::Actor& actor_;
  const ImportRun& order_;
  RowFile& rejected_;
  RowFile& warnings_;
  ImportReport& report_;
  std::unordered_set<base::Id> seen_;  // contacts of this run
  Remembered remembered_;
};

}  // namespace

std::vector<std::string> read_columns(CsvReader& reader, const FileFormat& format,
                                      const std::string& name_of_file) {
  if (!format.header) return format.columns;
  CsvRow header;
  if (!reader.next(header)) {
    throw base::invalid("data", "empty",
                        name_of_file + " is empty; its first line must name the columns");
  }
  if (header.fault) {
    throw base::invalid("data", "csv",
                        name_of_file + ":" + std::to_string(header.fault->line) + ":" +
                            std::to_string(header.fault->column) + ": " + header.fault->message);
  }
  std::vector<std::string> columns;
  for (const std::string& cell : header.cells) {
    const auto name = decode(cell, format.encoding);
    if (!name) {
      throw base::invalid(
          "data", "encoding",
          name_of_file + ":1: the header is not in the encoding that the mapping states");
    }
    columns.emplace_back(base::trim(*name));
  }
  return told_apart(std::move(columns));
}

void check_import(db::Database& database, const access::Actor& actor, const ImportRun& run) {
  const FileFormat format = file_format(run.mapping);
  const auto input = open_input(run.data);
  CsvReader reader(*input, format.csv);
  check_stated(database, actor,
               Mapping::compile(run.mapping, format, read_columns(reader, format, run.name),
                                actor.time_zone));
}

void run_import(db::Database& database, const access::Actor& actor, const ImportRun& run,
                ImportReport& report) {
  const FileFormat format = file_format(run.mapping);
  const auto input = open_input(run.data);
  CsvReader reader(*input, format.csv);
  const Mapping mapping = Mapping::compile(run.mapping, format,
                                           read_columns(reader, format, run.name), actor.time_zone);
  check_stated(database, actor, mapping);
  RowFile rejected(run.rejected_file, format, mapping.columns());
  RowFile warnings(run.warnings_file, format, mapping.columns());
  Run rows(database, actor, run, rejected, warnings, report);
  try {
    if (run.progress) run.progress(report, 0, input->size());
    Planner planner(*input, reader, mapping, run.batch_entries);
    while (const auto batch = planner.take()) {
      rows.add(*batch);
      if (run.progress) run.progress(report, batch->bytes_read, input->size());
    }
  } catch (...) {
    // What was found so far is worth having, too.
    rows.finish();
    throw;
  }
  rows.finish();
}

ImportReport import_csv(db::Database& database, const access::Actor& actor,
                        const ImportOptions& options) {
  const std::string name = std::filesystem::path(options.mapping).filename().string();
  ImportRun run{
      .data = options.data,
      .name = options.data,
      .mapping = parse_mapping_text(read_mapping(options.mapping), name),
      .rejected_file = row_file_path(options.rejected_file, options.data, ".rejected.csv"),
      .warnings_file = row_file_path(options.warnings_file, options.data, ".warnings.csv"),
      .batch_entries = options.batch_entries,
      .progress = {}};
  if (options.progress) {
    run.progress = [&](const ImportReport& report, std::int64_t bytes_read, std::int64_t total) {
      if (report.counts.rows > 0) options.progress({report.counts, bytes_read, total});
    };
  }
  ImportReport report;
  run_import(database, actor, run, report);
  return report;
}

}  // namespace annals::transfer
