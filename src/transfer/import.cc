// The run of an import: one thread reads and plans rows, the caller's stores them, batch by batch.
#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <filesystem>
#include <functional>
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
#include "base/id.h"
#include "base/limits.h"
#include "catalog/catalog.h"
#include "contacts/contacts.h"
#include "db/db.h"
#include "entries/entries.h"
#include "transfer/csv.h"
#include "transfer/input.h"
#include "transfer/mapping.h"
#include "transfer/mapping_text.h"
#include "transfer/row_file.h"
#include "transfer/transfer.h"

namespace annals::transfer {
namespace {

constexpr std::size_t kBatchesAheadMax = 4;
constexpr std::size_t kFindingsShownMax = 20;

std::string read_mapping(const std::string& path) {
  const auto input = open_input(path);
  std::string text;
  while (text.size() <= base::limits::kMappingBytesMax && input->read(text, 64 * 1024)) {
  }
  return text;
}

std::vector<std::string> read_columns(CsvReader& reader, const FileFormat& format,
                                      const std::string& data) {
  if (!format.header) return format.columns;
  CsvRow header;
  if (!reader.next(header)) {
    throw base::invalid("data", "empty", data + " is empty; its first line must name the columns");
  }
  if (header.fault) {
    throw base::invalid("data", "csv",
                        data + ":" + std::to_string(header.fault->line) + ":" +
                            std::to_string(header.fault->column) + ": " + header.fault->message);
  }
  std::vector<std::string> columns;
  for (const std::string& cell : header.cells) {
    const auto name = decode(cell, format.encoding);
    if (!name) {
      throw base::invalid("data", "encoding",
                          data + ":1: the header is not in the encoding that the mapping states");
    }
    columns.emplace_back(base::trim(*name));
  }
  return columns;
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

class Run {
 public:
  Run(db::Database& database, const access::Actor& actor, RowFile& rejected, RowFile& warnings)
      : database_(database), actor_(actor), rejected_(rejected), warnings_(warnings) {}

  void add(const Batch& batch) {
    std::vector<const RowPlan*> rows;
    for (const RowPlan& row : batch.rows) {
      ++report_.counts.rows;
      if (row.rejected) {
        reject(row, *row.rejected);
      } else if (row.skipped) {
        ++report_.counts.skipped;
      } else {
        rows.push_back(&row);
      }
    }
    store_rows(rows);
  }

  [[nodiscard]] const ImportCounts& counts() const { return report_.counts; }

  ImportReport finish() {
    report_.rejected_file = rejected_.finish();
    report_.warnings_file = warnings_.finish();
    return std::move(report_);
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
        write_patiently([&](db::Tx& tx) {
          stored.clear();
          for (failed = begin; failed < end; ++failed) {
            stored.push_back(store(tx, actor_, *rows[failed]));
          }
        });
      } catch (const base::Error& error) {
        if (failed >= end || !is_about_the_row(error.code())) throw;
        if (failed > begin) {
          end = failed;
          continue;
        }
        reject(*rows[begin], error.message());
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
  void write_patiently(const std::function<void(db::Tx&)>& work) {
    static constexpr int kTriesMax = 12;
    for (int tries = 1;; ++tries) {
      try {
        return database_.write(actor_.business, work);
      } catch (const base::Error& error) {
        if (error.code() != base::Code::kUnavailable || tries == kTriesMax) throw;
      }
    }
  }

  void count(const RowPlan& row, const Stored& stored) {
    ImportCounts& counts = report_.counts;
    counts.entries_created += stored.entries_created;
    counts.entries_duplicate += stored.entries_duplicate;
    if (seen_.insert(stored.contact).second) {
      ++(stored.created ? counts.contacts_created : counts.contacts_found);
    }
    if (row.warnings.empty()) return;
    ++counts.warned;
    std::string reason;
    for (const std::string& warning : row.warnings) {
      reason += (reason.empty() ? "" : "; ") + warning;
    }
    warnings_.add(row.line, row.raw, reason);
    if (report_.warnings.size() < kFindingsShownMax) report_.warnings.push_back({row.line, reason});
  }

  void reject(const RowPlan& row, const std::string& reason) {
    ++report_.counts.rejected;
    rejected_.add(row.line, row.raw, reason);
    if (report_.rejected.size() < kFindingsShownMax) report_.rejected.push_back({row.line, reason});
  }

  db::Database& database_;
  const access::Actor& actor_;
  RowFile& rejected_;
  RowFile& warnings_;
  ImportReport report_;
  std::unordered_set<base::Id> seen_;  // contacts of this run
};

}  // namespace

ImportReport import_csv(db::Database& database, const access::Actor& actor,
                        const ImportOptions& options) {
  const std::string name = std::filesystem::path(options.mapping).filename().string();
  const Value text = parse_mapping_text(read_mapping(options.mapping), name);
  const FileFormat format = file_format(text);
  const auto input = open_input(options.data);
  CsvReader reader(*input, format.csv);
  const Mapping mapping =
      Mapping::compile(text, format, read_columns(reader, format, options.data), actor.time_zone);
  check_stated(database, actor, mapping);
  RowFile rejected(row_file_path(options.rejected_file, options.data, ".rejected.csv"), format,
                   mapping.columns());
  RowFile warnings(row_file_path(options.warnings_file, options.data, ".warnings.csv"), format,
                   mapping.columns());
  Run run(database, actor, rejected, warnings);
  try {
    Planner planner(*input, reader, mapping, options.batch_entries);
    while (const auto batch = planner.take()) {
      run.add(*batch);
      if (options.progress) options.progress({run.counts(), batch->bytes_read, input->size()});
    }
  } catch (...) {
    // What was found so far is worth having, too.
    (void)run.finish();
    throw;
  }
  return run.finish();
}

}  // namespace annals::transfer
