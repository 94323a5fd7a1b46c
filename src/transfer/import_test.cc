#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "access/access.h"
#include "access/actor.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "base/temp_folder.h"
#include "base/time.h"
#include "catalog/catalog.h"
#include "contacts/contacts.h"
#include "db/blobs.h"
#include "db/business.h"
#include "db/db.h"
#include "db/test_database.h"
#include "entries/derive.h"
#include "transfer/csv.h"
#include "transfer/import.h"
#include "transfer/input.h"
#include "transfer/mapping_text.h"
#include "transfer/transfer.h"

namespace annals::transfer {
namespace {

namespace fs = std::filesystem;

constexpr const char* kBusiness =
    R"({"business":{"name":"Studio","time_zone":"Europe/Berlin","locale":"de","currency":"EUR"},)"
    R"("owner":{"name":"Ada","email":"ada@annals.example","password":"correct horse"}})";

constexpr const char* kMapping = R"(
[defaults]
source = "shop"
[contact]
external_id = "{Client}"
given_name = "{Name}"
emails = [ "{Mail}" ]
[[skip]]
when = { column = "State", equals = "test" }
reason = "a test"
[[warn]]
when = { column = "Total", less_than = 0 }
reason = "the total {Total} is below zero"
[[entries]]
type = "invoice.created"
occurred_at = { column = "Day", format = "date" }
source_id = "{Id}/created"
amount = { value = "{Total}", currency = "{Currency}" }
[[entries]]
type = "payment.taken"
when = { column = "State", equals = "paid" }
occurred_at = { column = "Day", format = "date", shift_days = 7 }
source_id = "{Id}/paid"
amount = { value = "{Total}", currency = "{Currency}" }
)";

// Good rows, and one of each fault that the planner, the contacts and the entries can find.
constexpr const char* kDirty =
    "Id,Client,Name,Mail,Day,Total,Currency,State\n"
    "1,A,Ana,ana@x.example,2024-01-02,10.00,EUR,paid\n"          // 2: two entries
    "2,A,Ana,ana@x.example,2024-01-03,20.00,EUR,open\n"          // 3: one, of the same contact
    "3,B,Ben,no address,2024-01-03,1.00,EUR,paid\n"              // 4: the contact cannot be made
    "4,C,\"Cleo\n& Co\",c@x.example,2024-01-04,5.00,EUR,paid\n"  // 5 and 6: a control character
    "5,D,Dan,,2024-01-05,5.00,XXQ,paid\n"                        // 7: no such currency
    "6,E,Eve,,2024-13-05,5.00,EUR,paid\n"                        // 8: no such day
    "7,F,Fay,,2024-01-06,-5.00,EUR,paid\n"                       // 9: a warning
    "8,G,\"Gus,,2024-01-06,5.00,EUR,paid\n"                      // 10: a quote that is not closed
    "9,H,Hal,,2024-01-07,5.00,EUR,test\n"                        // 11: skipped
    "10,I,Ida,,2024-01-08,5.00,EUR\n"                            // 12: a cell is missing
    "1,J,Jon,,2024-01-09,5.00,EUR,open\n"    // 13: another draft of that source_id
    "11,K,Kim,,2024-01-10,5.00,EUR,paid\n";  // 14: two entries

class Import : public testing::Test {
 protected:
  void SetUp() override {
    open();
    const access::Wiring wiring{
        .seed = [](db::Tx& tx, db::BusinessKey business) { catalog::seed(tx, business); },
        .password_cost = access::kCheapPasswordCost,
        .clock = &clock_};
    actor_ =
        access::system_actor(access::add_business(*database_, base::parse_json(kBusiness), wiring));
    base::write_file(in("m.toml"), kMapping);
    base::write_file(in("d.csv"), kDirty);
  }

  static std::unique_ptr<db::Database> open_folder(const std::string& folder,
                                                   const base::Clock& clock) {
    return db::open_for_test(
        {.folder = folder, .clock = &clock, .derive = entries::derivation(contacts::index)});
  }
  void open() { database_ = open_folder(in("data"), clock_); }
  [[nodiscard]] std::string in(const std::string& name) const {
    return folder_.path() + "/" + name;
  }

  ImportOptions options(std::int64_t batch_entries = 1'024) {
    return {.data = in("d.csv"),
            .mapping = in("m.toml"),
            .rejected_file = "",
            .warnings_file = "",
            .batch_entries = batch_entries};
  }
  ImportReport run(std::int64_t batch_entries = 1'024) {
    return import_csv(*database_, actor_, options(batch_entries));
  }

  std::int64_t number(const std::string& sql) {
    return database_->read(actor_.business, [&](db::Tx& tx) {
      auto rows = tx.query(sql, {});
      return rows.next() ? rows->integer(0) : -1;
    });
  }
  std::int64_t entries() { return number("SELECT count(*) FROM journal"); }
  std::int64_t contacts() { return number("SELECT count(*) FROM contacts"); }

  base::TempFolder folder_;
  base::ManualClock clock_;
  std::unique_ptr<db::Database> database_;
  access::Actor actor_;
};

/// What writes say that they are going to ask: how often each question.
class CountedAsks final : public db::Asks {
 public:
  void add(const db::LookUp& what, const db::Param& key) override {
    (void)key;
    ++counts[&what];
  }
  std::map<const db::LookUp*, int> counts;
};

/// A database that is busy: it refuses some writes before it takes the next one. It lets each write
/// say what it is going to ask, whatever the engine.
class BusyDatabase final : public db::Database {
 public:
  BusyDatabase(db::Database& database, int refusals) : database_(database), refusals_(refusals) {}
  CountedAsks asks;

  [[nodiscard]] db::Blobs& blobs() override { return database_.blobs(); }
  [[nodiscard]] std::int64_t lag() const override { return database_.lag(); }
  [[nodiscard]] bool writable() const override { return database_.writable(); }
  void on_journal(std::function<void(std::int64_t)> listener) override {
    database_.on_journal(std::move(listener));
  }
  void begin_write(db::BusinessKey business, std::function<void(db::Tx&)> work, Ahead ahead,
                   std::function<void(std::exception_ptr)> ended) override {
    if (refusals_-- > 0) {
      return ended(std::make_exception_ptr(base::Error(base::Code::kUnavailable, "busy")));
    }
    const auto ask_and_work = [this, work = std::move(work), ahead](db::Tx& tx) {
      if (ahead) ahead(tx, asks);
      work(tx);
    };
    database_.begin_write(business, ask_and_work, std::move(ahead), std::move(ended));
  }

 protected:
  void run_read(db::BusinessKey business, const std::function<void(db::Tx&)>& body,
                bool derived) override {
    if (derived) {
      database_.read(business, body);
    } else {
      database_.read_as_is(business, body);
    }
  }

 private:
  db::Database& database_;
  std::atomic<int> refusals_;
};

std::vector<std::int64_t> lines_of(const std::vector<ImportFinding>& findings) {
  std::vector<std::int64_t> lines;
  lines.reserve(findings.size());
  for (const ImportFinding& finding : findings) lines.push_back(finding.line);
  return lines;
}

TEST_F(Import, StoresWholeRowsAndReportsTheOthers) {
  const ImportReport report = run();
  EXPECT_EQ(report.counts.rows, 12);
  EXPECT_EQ(report.counts.skipped, 1);
  EXPECT_EQ(report.counts.warned, 1);
  EXPECT_EQ(report.counts.contacts_created, 3) << "A, F and K";
  EXPECT_EQ(report.counts.contacts_found, 0);
  EXPECT_EQ(report.counts.entries_created, 7);
  EXPECT_EQ(report.counts.entries_duplicate, 0);
  auto lines = lines_of(report.rejected);
  std::sort(lines.begin(), lines.end());
  EXPECT_EQ(lines, (std::vector<std::int64_t>{4, 5, 7, 8, 10, 12, 13}));
  EXPECT_EQ(lines_of(report.warnings), (std::vector<std::int64_t>{9}));
  EXPECT_EQ(contacts(), 3);
  EXPECT_EQ(entries(), 10) << "7, and contact.created of 3";
  EXPECT_EQ(number("SELECT occurred_at FROM journal WHERE record LIKE '%payment.taken%' AND "
                   "record LIKE '%1/paid\"%'"),
            *base::parse_rfc3339("2024-01-08T23:00:00Z"));
}

// In transactions of many rows and of one, where no row sees another.
TEST_F(Import, TriedSaysWhatARunComesToAndStoresNothing) {
  std::vector<ImportReport> tried;
  for (const std::int64_t batch_entries : {1'024, 1}) {
    ImportRun run{.data = in("d.csv"),
                  .name = "d.csv",
                  .mapping = parse_mapping_text(kMapping, "m.toml"),
                  .rejected_file = in("r.csv"),
                  .warnings_file = in("w.csv"),
                  .batch_entries = batch_entries,
                  .dry_run = true,
                  .progress = {}};
    run_import(*database_, actor_, run, tried.emplace_back());
    EXPECT_EQ(contacts(), 0);
    EXPECT_EQ(entries(), 0);
  }
  const ImportReport done = run();
  for (const ImportReport& report : tried) {
    EXPECT_EQ(report.counts.rejected, done.counts.rejected);
    EXPECT_EQ(report.counts.contacts_created, done.counts.contacts_created);
    EXPECT_EQ(report.counts.contacts_found, done.counts.contacts_found);
    EXPECT_EQ(report.counts.entries_created, done.counts.entries_created);
    EXPECT_EQ(report.counts.entries_duplicate, done.counts.entries_duplicate);
    auto lines = lines_of(report.rejected);
    auto expected = lines_of(done.rejected);
    std::sort(lines.begin(), lines.end());
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(lines, expected);
  }
}

// Once its contact is there, what a later row says of it does not matter; nor does it when tried.
TEST_F(Import, TriedTakesAContactOfAnEarlierRowAsItIs) {
  base::write_file(in("d.csv"),
                   "Id,Client,Name,Mail,Day,Total,Currency,State\n"
                   "1,A,Ana,ana@x.example,2024-01-02,10.00,EUR,open\n"
                   "2,A,Ana,no address,2024-01-03,20.00,EUR,open\n"
                   "1,A,Ana,ana@x.example,2024-01-02,10.00,EUR,open\n");
  for (const bool dry_run : {true, false}) {
    ImportRun run{.data = in("d.csv"),
                  .name = "d.csv",
                  .mapping = parse_mapping_text(kMapping, "m.toml"),
                  .rejected_file = in("r.csv"),
                  .warnings_file = in("w.csv"),
                  .batch_entries = 1,
                  .dry_run = dry_run,
                  .progress = {}};
    ImportReport report;
    run_import(*database_, actor_, run, report);
    EXPECT_EQ(report.counts.rejected, 0) << dry_run;
    EXPECT_EQ(report.counts.contacts_created, 1) << dry_run;
    EXPECT_EQ(report.counts.entries_created, 2) << dry_run;
    EXPECT_EQ(report.counts.entries_duplicate, 1) << dry_run;
  }
}

TEST_F(Import, WaitsForADatabaseThatIsBusyButNotForEver) {
  BusyDatabase busy(*database_, 5);
  EXPECT_EQ(import_csv(busy, actor_, options()).counts.entries_created, 7);
  BusyDatabase stuck(*database_, 1'000'000);
  base::write_file(in("d.csv"), std::string(kDirty) + "12,L,Lea,,2024-01-11,5.00,EUR,open\n");
  EXPECT_THROW(import_csv(stuck, actor_, options()), base::Error);
}

TEST_F(Import, TheResultDoesNotDependOnTheSizeOfTheBatches) {
  for (const std::int64_t batch : {1, 2, 3, 5}) {
    clock_.advance(base::kMicrosPerSecond);
    database_.reset();
    fs::remove_all(in("data"));
    SetUp();
    const ImportReport report = run(batch);
    EXPECT_EQ(report.counts.entries_created, 7) << batch;
    EXPECT_EQ(report.counts.contacts_created, 3) << batch;
    EXPECT_EQ(report.counts.rejected, 7) << batch;
    EXPECT_EQ(entries(), 10) << batch;
  }
}

TEST_F(Import, ASecondRunAddsNothing) {
  (void)run();
  const ImportReport again = run();
  EXPECT_EQ(again.counts.entries_created, 0);
  EXPECT_EQ(again.counts.entries_duplicate, 7);
  EXPECT_EQ(again.counts.contacts_created, 0);
  EXPECT_EQ(again.counts.contacts_found, 3);
  EXPECT_EQ(again.counts.rejected, 7);
  EXPECT_EQ(entries(), 10);
  EXPECT_EQ(contacts(), 3);
}

TEST_F(Import, SaysWhatEveryRowIsGoingToAsk) {
  base::write_file(in("d.csv"),
                   "Id,Client,Name,Mail,Day,Total,Currency,State\n"
                   "1,A,Ana,ana@x.example,2024-01-02,10.00,EUR,paid\n"  // two entries
                   "2,A,Ana,ana@x.example,2024-01-03,20.00,EUR,open\n"
                   "3,K,Kim,,2024-01-10,5.00,EUR,paid\n");  // two entries
  BusyDatabase database(*database_, 0);
  ASSERT_EQ(import_csv(database, actor_, options()).counts.entries_created, 5);
  std::multiset<int> counts;
  for (const auto& [what, count] : database.asks.counts) counts.insert(count);
  // Of each entry whether it is there, of each row who its contact is.
  EXPECT_EQ(counts, (std::multiset<int>{3, 5}));
}

TEST_F(Import, ARunThatWasKilledIsRunAgainToTheSameEnd) {
  for (int killed_after = 1; killed_after <= 5; ++killed_after) {
    ImportOptions stopped = options(2);
    int calls = 0;
    stopped.progress = [&](const ImportProgress&) {
      if (++calls == killed_after) throw std::runtime_error("killed");
    };
    EXPECT_THROW((void)import_csv(*database_, actor_, stopped), std::runtime_error);
    database_.reset();
    open();
  }
  const ImportReport report = run(2);
  EXPECT_GT(report.counts.entries_duplicate, 0);
  EXPECT_EQ(report.counts.rejected, 7);
  EXPECT_EQ(entries(), 10);
  EXPECT_EQ(contacts(), 3);
}

TEST_F(Import, RejectedRowsAreKeptWithLineAndReasonAndCanBeMended) {
  const ImportReport report = run();
  ASSERT_EQ(report.rejected_file, in("d.csv.rejected.csv"));
  const auto input = open_input(report.rejected_file);
  CsvReader reader(*input, {});
  CsvRow row;
  ASSERT_TRUE(reader.next(row));
  EXPECT_EQ(row.cells, (std::vector<std::string>{"Id", "Client", "Name", "Mail", "Day", "Total",
                                                 "Currency", "State", "line", "reason"}));
  std::map<std::string, std::vector<std::string>> by_line;
  while (reader.next(row)) by_line[row.cells.at(8)] = row.cells;
  ASSERT_EQ(by_line.size(), 7U);
  EXPECT_EQ(by_line["5"][2], "Cleo\n& Co");
  EXPECT_EQ(by_line["10"][0], "8,G,\"Gus,,2024-01-06,5.00,EUR,paid");
  EXPECT_EQ(by_line["10"][9], "line 10, column 5: the quote that opens here is never closed");
  EXPECT_EQ(by_line["12"][0], "10,I,Ida,,2024-01-08,5.00,EUR");
  EXPECT_EQ(by_line["12"][9], "line 12: the row has 7 cells, and the file 8 columns");
  EXPECT_EQ(by_line["8"][9], "Day: \"2024-13-05\" is no time of the form %Y-%m-%d");
  EXPECT_NE(by_line["4"][9].find("emails[0].address"), std::string::npos) << by_line["4"][9];
  EXPECT_NE(by_line["7"][9].find("currency"), std::string::npos) << by_line["7"][9];
  EXPECT_NE(by_line["13"][9].find("another draft"), std::string::npos) << by_line["13"][9];

  std::string mended = base::read_file(report.rejected_file, 100'000);
  mended.replace(mended.find("no address"), 10, "b@x.example");
  base::write_file(in("mended.csv"), mended);
  ImportOptions again = options();
  again.data = in("mended.csv");
  EXPECT_EQ(import_csv(*database_, actor_, again).counts.entries_created, 2);
  EXPECT_EQ(contacts(), 4);
}

TEST_F(Import, WithoutFaultsNoFilesAreLeft) {
  base::write_file(in("d.csv.rejected.csv"), "of an earlier run");
  base::write_file(in("d.csv"),
                   "Id,Client,Name,Mail,Day,Total,Currency,State\n"
                   "1,A,Ana,ana@x.example,2024-01-02,10.00,EUR,paid\n");
  const ImportReport report = run();
  EXPECT_EQ(report.rejected_file, "");
  EXPECT_FALSE(fs::exists(in("d.csv.rejected.csv")));
  EXPECT_FALSE(fs::exists(in("d.csv.rejected.csv.part")));
}

TEST_F(Import, AWrongMappingStopsBeforeAnythingIsStored) {
  const auto refused = [&](const std::string& mapping) {
    base::write_file(in("m.toml"), mapping);
    try {
      (void)run();
    } catch (const base::Error& error) {
      EXPECT_EQ(entries(), 0);
      EXPECT_EQ(contacts(), 0);
      return error.message();
    }
    return std::string("no error");
  };
  const std::string mapping = kMapping;
  const auto with = [&](const std::string& what, const std::string& instead) {
    std::string changed = mapping;
    changed.replace(changed.find(what), what.size(), instead);
    return changed;
  };
  EXPECT_EQ(refused(with("{Client}", "{Klient}")),
            "m.toml:5:1: contact.external_id: the file has no column \"Klient\"");
  EXPECT_EQ(refused(with("\"payment.taken\"", "\"payment.dreamt\"")).substr(0, 29),
            "m.toml:20:1: entries[1].type:")
      << "a type that the catalog does not know";
  EXPECT_EQ(refused(with("source_id = \"{Id}/paid\"", "source_id = \"{Id}\"\nviews = [\"moon\"]"))
                .substr(0, 30),
            "m.toml:24:1: entries[1].views:");
  EXPECT_EQ(refused(with("[defaults]", "[defaults")).substr(0, 9), "m.toml:2:");
}

TEST_F(Import, ADamagedFileStopsItAndKeepsWhatWasStored) {
  std::string many = "Id,Client,Name,Mail,Day,Total,Currency,State\n";
  for (int i = 0; i < 3'000; ++i) {
    many += std::to_string(i) + "," + std::to_string(i % 7) + ",N,,2024-01-02,1.00,EUR,open\n";
  }
  gzFile file = gzopen(in("d.csv.gz").c_str(), "wb");
  ASSERT_EQ(gzwrite(file, many.data(), static_cast<unsigned>(many.size())),
            static_cast<int>(many.size()));
  ASSERT_EQ(gzclose(file), Z_OK);
  const std::string packed = base::read_file(in("d.csv.gz"), 1'000'000);
  base::write_file(in("d.csv.gz"), packed.substr(0, packed.size() - 6));
  ImportOptions cut = options(100);
  cut.data = in("d.csv.gz");
  EXPECT_THROW((void)import_csv(*database_, actor_, cut), base::Error);
  EXPECT_GT(entries(), 0);
  base::write_file(in("d.csv.gz"), packed);
  const ImportReport report = import_csv(*database_, actor_, cut);
  EXPECT_EQ(report.counts.rejected, 0);
  EXPECT_EQ(report.counts.entries_created + report.counts.entries_duplicate, 3'000);
  EXPECT_EQ(entries(), 3'007);
}

TEST_F(Import, CommandEndsWithTheCodesThatTheDocsName) {
  std::ostringstream out;
  std::ostringstream err;
  ImportCommand command{
      .options = options(),
      .folder = in("data"),
      .clock = &clock_,
      .open = [&](const std::string& folder) { return open_folder(folder, clock_); },
      .actor = [&](db::Database&) { return actor_; }};
  database_.reset();
  command.options.mapping = in("missing.toml");
  EXPECT_EQ(import_command(command, out, err), 2);
  EXPECT_NE(err.str().find("missing.toml cannot be opened"), std::string::npos) << err.str();

  command.options = options(2);
  command.options.progress = [](const ImportProgress&) { throw std::runtime_error("cut off"); };
  EXPECT_EQ(import_command(command, out, err), 3);
  EXPECT_NE(err.str().find("run the same command again"), std::string::npos) << err.str();

  command.options = options();
  EXPECT_EQ(import_command(command, out, err), 1);
  EXPECT_NE(out.str().find("rows      12 read, 7 rejected, 1 skipped, 1 with a warning"),
            std::string::npos)
      << out.str();
  EXPECT_NE(out.str().find("line 9: the total -5.00 is below zero"), std::string::npos);

  base::write_file(in("d.csv"), "Id,Client,Name,Mail,Day,Total,Currency,State\n");
  EXPECT_EQ(import_command(command, out, err), 0);
}

TEST_F(Import, ADryRunSaysTheSameAndStoresNothing) {
  if (!db::test_server().empty()) GTEST_SKIP() << "works on a copy of a folder";
  std::ostringstream out;
  std::ostringstream err;
  const ImportCommand command{
      .options = options(2),
      .folder = in("data"),
      .dry_run = true,
      .clock = &clock_,
      .open = [&](const std::string& folder) { return open_folder(folder, clock_); },
      .actor = [&](db::Database&) { return actor_; }};
  // The folder stays open here, as by a server.
  EXPECT_EQ(import_command(command, out, err), 1) << err.str();
  EXPECT_NE(out.str().find("contacts  3 created, 0 found\nentries   7 created, 0 there before"),
            std::string::npos)
      << out.str();
  EXPECT_NE(out.str().find("Dry run"), std::string::npos);
  EXPECT_EQ(entries(), 0);
  EXPECT_EQ(contacts(), 0);
  EXPECT_FALSE(fs::exists(in("data/dry-run")));
  (void)run();
  std::ostringstream second;
  EXPECT_EQ(import_command(command, second, err), 1) << err.str();
  EXPECT_NE(second.str().find("contacts  0 created, 3 found\nentries   0 created, 7 there before"),
            std::string::npos)
      << second.str();
}

}  // namespace
}  // namespace annals::transfer
