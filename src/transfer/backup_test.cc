#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <ios>
#include <memory>
#include <set>
#include <sstream>
#include <string>

#include "access/access.h"
#include "access/actor.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/json.h"
#include "base/temp_folder.h"
#include "catalog/catalog.h"
#include "db/db.h"
#include "db/sqlite.h"
#include "entries/entries.h"
#include "transfer/transfer.h"

namespace annals::transfer {
namespace {

namespace fs = std::filesystem;

constexpr access::PasswordCost kCheap = access::kCheapPasswordCost;
constexpr const char* kBusiness =
    R"({"business":{"name":"Studio","time_zone":"Europe/Berlin","locale":"de","currency":"EUR"},)"
    R"("owner":{"name":"Ada","email":"ada@annals.example","password":"correct horse"}})";

class Backup : public testing::Test {
 protected:
  void SetUp() override {
    database_ = db::open_sqlite({.folder = data(), .clock = &clock_});
    const access::Wiring wiring{
        .seed = [](db::Tx& tx, db::BusinessKey business) { catalog::seed(tx, business); },
        .password_cost = kCheap,
        .clock = &clock_};
    actor_ =
        access::system_actor(access::add_business(*database_, base::parse_json(kBusiness), wiring));
    contact_ = {base::make_id(clock_.now()), base::make_id(clock_.now())};
    record(5);
    attach("the bytes of a consent form");
  }

  [[nodiscard]] std::string data() const { return folder_.path() + "/data"; }
  [[nodiscard]] std::string in(const std::string& name) const {
    return folder_.path() + "/" + name;
  }

  void record(int count) {
    database_->write(actor_.business, [&](db::Tx& tx) {
      for (int i = 0; i < count; ++i) {
        entries::Draft draft;
        draft.type = "note";
        draft.title = "Note";
        (void)entries::record(tx, actor_, contact_, draft);
      }
    });
  }

  // An attachment as the journal refers to it, and its bytes.
  void attach(const std::string& bytes) {
    const base::Digest digest = base::sha256({base::as_bytes(bytes)});
    const std::string hex = base::hex(digest);
    blob_ = "blobs/" + hex.substr(0, 2) + "/" + hex;
    base::write_file(data() + "/" + blob_, bytes);
    database_->write(actor_.business, [&](db::Tx& tx) {
      tx.execute(
          "INSERT INTO attachments VALUES ($1, $2, 'form.txt', 'text/plain', 1, $3, 'system', $2, "
          "0)",
          {actor_.business, base::make_id(clock_.now()), base::ByteSpan(digest)});
    });
  }

  std::string failure(const std::function<void()>& work) {
    try {
      work();
    } catch (const base::Error& error) {
      return error.message();
    }
    return "no error";
  }

  base::TempFolder folder_;
  base::ManualClock clock_;
  std::unique_ptr<db::Database> database_;
  access::Actor actor_;
  entries::ContactRef contact_;
  std::string blob_;
};

std::int64_t journal_rows(const std::string& folder) {
  const auto database = db::open_sqlite({.folder = folder});
  return database->read(db::kNoBusiness, [](db::Tx& tx) {
    auto rows = tx.query("SELECT count(*) FROM journal", {});
    EXPECT_TRUE(rows.next());
    return rows->integer(0);
  });
}

TEST_F(Backup, IsMadeWhileTheDatabaseIsOpenAndRestoresToTheSame) {
  const BackupReport made = back_up(data(), in("backup"), clock_);
  EXPECT_EQ(made.businesses, 1);
  EXPECT_EQ(made.leaves, 5);
  EXPECT_EQ(made.files, 1);
  record(3);  // later, so not in the backup
  const BackupReport restored = restore(in("backup"), in("elsewhere"), false, clock_);
  EXPECT_EQ(restored.leaves, 5);
  EXPECT_EQ(restored.bytes, made.bytes);
  EXPECT_EQ(journal_rows(in("elsewhere")), 5);
  EXPECT_EQ(base::read_file(in("elsewhere/") + blob_, 1000), "the bytes of a consent form");
  // Nothing but what the manifest names, and the manifest.
  std::set<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(in("backup"))) {
    if (entry.is_regular_file()) files.insert(fs::relative(entry.path(), in("backup")).string());
  }
  EXPECT_EQ(files, (std::set<std::string>{"SHA256SUMS", "annals.db", "manifest.json", blob_}));
}

TEST_F(Backup, LeavesTheWriteAheadLogToItsOwner) {
  const auto size = fs::file_size(data() + "/annals.db-wal");
  ASSERT_GT(size, 0U);
  (void)back_up(data(), in("backup"), clock_);
  EXPECT_EQ(fs::file_size(data() + "/annals.db-wal"), size);
  record(1);
  database_.reset();
  EXPECT_EQ(journal_rows(data()), 6);
}

TEST_F(Backup, WorksOnAFolderThatNobodyHasOpen) {
  database_.reset();
  EXPECT_EQ(back_up(data(), in("backup"), clock_).leaves, 5);
}

TEST_F(Backup, RefusesATargetThatHoldsSomething) {
  (void)back_up(data(), in("backup"), clock_);
  EXPECT_NE(failure([&] { (void)back_up(data(), in("backup"), clock_); }).find("is there already"),
            std::string::npos);
  EXPECT_NE(failure([&] { (void)back_up(in("nothing"), in("b2"), clock_); }).find("no annals.db"),
            std::string::npos);
}

TEST_F(Backup, SaysWhichAttachedFileIsMissing) {
  fs::remove(data() + "/" + blob_);
  const std::string message = failure([&] { (void)back_up(data(), in("backup"), clock_); });
  EXPECT_NE(message.find(blob_), std::string::npos) << message;
  EXPECT_FALSE(fs::exists(in("backup/manifest.json")))
      << "an unfinished backup must not look whole";
}

TEST_F(Backup, FindsEveryDamage) {
  (void)back_up(data(), in("backup"), clock_);
  const auto damaged = [&](const std::string& name, const std::function<void(fs::path)>& damage) {
    fs::remove_all(in("copy"));
    fs::copy(in("backup"), in("copy"), fs::copy_options::recursive);
    damage(fs::path(in("copy")) / name);
    const std::string message = failure([&] { (void)check_backup(in("copy")); });
    EXPECT_EQ(failure([&] { (void)restore(in("copy"), in("target"), false, clock_); }), message);
    EXPECT_FALSE(fs::exists(in("target/annals.db"))) << message;
    return message;
  };
  const auto flip = [](const fs::path& path) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(fs::file_size(path)) - 1);
    file.put('!');
  };
  EXPECT_NE(damaged("annals.db", flip).find("is not what the manifest says"), std::string::npos);
  EXPECT_NE(damaged(blob_, flip).find("is not what the manifest says"), std::string::npos);
  EXPECT_NE(damaged(blob_, [](const fs::path& path) { fs::remove(path); }).find("is missing"),
            std::string::npos);
  EXPECT_NE(damaged("annals.db", [](const fs::path& path) { fs::resize_file(path, 4096); })
                .find("is not what the manifest says"),
            std::string::npos);
  EXPECT_NE(damaged("manifest.json", [](const fs::path& path) { fs::remove(path); })
                .find("holds no manifest.json"),
            std::string::npos);
  EXPECT_NE(damaged("manifest.json", flip).find("cannot be read"), std::string::npos);
  EXPECT_NE(damaged("SHA256SUMS", flip).find("is not what the manifest says"), std::string::npos);
  const std::string sums = std::string(64, '0') + "  ../../etc/passwd\n";
  EXPECT_NE(damaged("SHA256SUMS",
                    [&](const fs::path& path) {
                      base::write_file(path, sums);
                      base::write_file(path.parent_path() / "manifest.json",
                                       R"({"format":1,"sums_sha256":")" +
                                           base::hex(base::sha256({base::as_bytes(sums)})) + "\"}");
                    })
                .find("which is no file of ours"),
            std::string::npos);
}

TEST_F(Backup, RefusesASequenceWithAGap) {
  database_->write(actor_.business,
                   [](db::Tx& tx) { tx.execute("DELETE FROM journal WHERE contact_seq = 3", {}); });
  const std::string message = failure([&] { (void)back_up(data(), in("backup"), clock_); });
  EXPECT_NE(message.find("1 contacts have a gap"), std::string::npos) << message;
}

TEST_F(Backup, RestoreKeepsWhatItReplaces) {
  (void)back_up(data(), in("backup"), clock_);
  record(2);
  EXPECT_NE(failure([&] { (void)restore(in("backup"), data(), true, clock_); }).find("in use"),
            std::string::npos);
  database_.reset();
  EXPECT_NE(
      failure([&] { (void)restore(in("backup"), data(), false, clock_); }).find("is not empty"),
      std::string::npos);
  EXPECT_EQ(journal_rows(data()), 7);
  EXPECT_EQ(restore(in("backup"), data(), true, clock_).leaves, 5);
  EXPECT_EQ(journal_rows(data()), 5);
  EXPECT_EQ(journal_rows(data() + "/replaced-2023-11-14T22-13-20"), 7);
}

TEST_F(Backup, CommandsSayWhatWasDone) {
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(backup_command(data(), in("backup"), clock_, out, err), 0) << err.str();
  EXPECT_NE(out.str().find("1 business, 0 contacts, 5 entries"), std::string::npos) << out.str();
  EXPECT_EQ(check_backup_command(in("backup"), out, err), 0);
  EXPECT_EQ(restore_command(in("backup"), in("new"), false, clock_, out, err), 0);
  EXPECT_EQ(restore_command(in("nowhere"), in("other"), false, clock_, out, err), 1);
  EXPECT_NE(err.str().find("holds no manifest.json"), std::string::npos) << err.str();
}

}  // namespace
}  // namespace annals::transfer
