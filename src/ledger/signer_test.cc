#include "ledger/signer.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/files.h"
#include "base/id.h"
#include "base/json.h"
#include "base/temp_folder.h"
#include "db/db.h"
#include "db/test_database.h"
#include "ledger/ledger.h"
#include "ledger/test_ledger.h"
#include "ledger/tree.h"
#include "tlog/checkpoint.h"
#include "tlog/note.h"

namespace annals::ledger {
namespace {

namespace fs = std::filesystem;

class SignerTest : public testing::Test {
 protected:
  SignerTest() { open(); }
  void open() {
    signer_.reset();
    database_.reset();
    database_ = db::open_for_test(
        {.folder = folder_.path() + "/data", .clock = &clock_, .derive = derive_tree});
    signer_ = std::make_unique<Signer>(*database_, keys(), folder_.path() + "/published", clock_);
  }
  [[nodiscard]] std::string keys() const { return folder_.path() + "/keys"; }
  [[nodiscard]] std::string file(const char* suffix) const {
    return keys() + "/" + log_.id.text() + suffix;
  }
  void add(int leaves) {
    database_->write(log_.business, [&](db::Tx& tx) {
      for (int i = 0; i < leaves; ++i) append_test_row(tx, test_id(1), test_id(100 + ++id_));
    });
  }
  // What an older copy of the database would hold.
  void roll_back_to(std::uint64_t size) {
    database_->write(log_.business, [&](db::Tx& tx) {
      tx.execute("DELETE FROM journal WHERE business = $1 AND leaf_index >= $2",
                 {log_.business, size});
      tx.execute("DELETE FROM checkpoints WHERE business = $1 AND size > $2",
                 {log_.business, size});
    });
    remake();
  }
  void remake() {
    signer_.reset();
    const db::Options options{
        .folder = folder_.path() + "/data", .clock = &clock_, .derive = derive_tree};
    db::forget_for_test(database_, options, log_.business);
    open();  // what the writer remembers is not so any more
  }
  std::string refusal() {
    try {
      static_cast<void>(signer_->sign(log_));
    } catch (const base::Error& error) {
      EXPECT_EQ(error.code(), base::Code::kUnavailable);
      return error.message();
    }
    ADD_FAILURE() << "it was signed";
    return "";
  }
  [[nodiscard]] tlog::VerifierKey newest_key() {
    return *tlog::VerifierKey::parse(
        database_->read(log_.business, [](db::Tx& tx) { return verifiers(tx); }).back());
  }
  void expect_good(const SignedCheckpoint& checkpoint) {
    const auto parsed = tlog::parse_signed_checkpoint(checkpoint.note);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->checkpoint.origin, origin(log_.id, checkpoint.epoch));
    EXPECT_EQ(parsed->checkpoint.size, checkpoint.size);
    EXPECT_EQ(tlog::is_signed_by(parsed->note, newest_key()), tlog::Signed::kYes);
    database_->read(log_.business, [&](db::Tx& tx) {
      EXPECT_EQ(tree(tx, tree_size(tx)).root(checkpoint.size), parsed->checkpoint.root);
    });
  }

  base::TempFolder folder_;
  base::ManualClock clock_{1'000'000};
  const Log log_{.business = 1, .id = test_id(77)};
  std::unique_ptr<db::Database> database_;
  std::unique_ptr<Signer> signer_;
  std::int64_t id_ = 0;
};

TEST(Origin, NamesItsEpochAndNoOther) {
  const base::Id business = base::make_id(1);
  for (const std::int64_t epoch : {1, 2, 40}) {
    EXPECT_EQ(epoch_of(origin(business, epoch), business), epoch);
  }
  const std::string first = origin(business, 1);
  for (const char* more : {"/", "/1", "/0", "/02", "/-2", "/x", "/2x", "/99999999999999999999"}) {
    EXPECT_EQ(epoch_of(first + more, business), std::nullopt) << more;
  }
  EXPECT_EQ(epoch_of(origin(base::make_id(2), 1), business), std::nullopt);
}

TEST_F(SignerTest, SignsTheTreeAsItStandsAndKeepsItOutside) {
  expect_good(signer_->sign(log_));  // of no leaves
  add(3);
  const SignedCheckpoint first = signer_->sign(log_);
  EXPECT_EQ(first.size, 3U);
  expect_good(first);
  EXPECT_EQ(base::read_file(file(".checkpoint"), 10'000), first.note);
  EXPECT_EQ(base::read_file(folder_.path() + "/published/" + log_.id.text() + "/1-3.note", 10'000),
            first.note);
  EXPECT_EQ(signer_->sign(log_).note, first.note) << "nothing has changed";
  add(300);
  open();
  const SignedCheckpoint second = signer_->sign(log_);
  EXPECT_EQ(second.size, 303U);
  expect_good(second);
}

TEST_F(SignerTest, ItsFilesAreForTheServerAlone) {
  static_cast<void>(signer_->sign(log_));
  for (const char* suffix : {".key", ".pub", ".checkpoint"}) {
    struct stat status{};
    ASSERT_EQ(::stat(file(suffix).c_str(), &status), 0) << suffix;
    EXPECT_EQ(status.st_mode & 0777U, 0600U) << suffix;
  }
  struct stat status{};
  ASSERT_EQ(::stat(keys().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
}

TEST_F(SignerTest, ANewBusinessHasItsKeyBeforeItIsThere) {
  const std::string verifier = signer_->make_key(log_.id);
  struct stat status{};
  ASSERT_EQ(::stat(file(".key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  const std::string key = base::read_file(file(".key"), 1'000);
  database_->write(log_.business, [&](db::Tx& tx) { enter_key(tx, log_.business, verifier); });
  EXPECT_EQ(newest_key().text(), verifier);
  add(1);
  expect_good(signer_->sign(log_));
  EXPECT_EQ(base::read_file(file(".key"), 1'000), key);
  EXPECT_EQ(newest_key().text(), verifier);
}

TEST_F(SignerTest, AKeyThatCannotBeWrittenLeavesNothing) {
  fs::create_directories(file(".key.part") + "/in the way");
  try {
    static_cast<void>(signer_->make_key(log_.id));
    ADD_FAILURE() << "it was written";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::kUnavailable);
    EXPECT_NE(error.message().find("Nothing was made"), std::string::npos) << error.message();
  }
  EXPECT_FALSE(fs::exists(file(".key")));
  EXPECT_FALSE(fs::exists(file(".pub")));
  fs::remove_all(file(".key.part"));
  static_cast<void>(signer_->make_key(log_.id));
  signer_->remove_key(log_.id);
  EXPECT_TRUE(fs::is_empty(keys()));
}

// As where the disk was lost before anything was signed.
TEST_F(SignerTest, AKeyThatIsLostBeforeTheFirstCheckpointIsFollowedByAnother) {
  const std::string verifier = signer_->make_key(log_.id);
  database_->write(log_.business, [&](db::Tx& tx) { enter_key(tx, log_.business, verifier); });
  add(1);
  signer_->remove_key(log_.id);
  EXPECT_NE(refusal().find("its key"), std::string::npos);
  const SignedCheckpoint fresh = signer_->begin_epoch(log_, "the disk was lost");
  EXPECT_EQ(fresh.epoch, 2);
  expect_good(fresh);
}

TEST_F(SignerTest, ARolledBackDatabaseIsRefused) {
  add(10);
  static_cast<void>(signer_->sign(log_));
  add(10);
  static_cast<void>(signer_->sign(log_));
  roll_back_to(10);
  EXPECT_NE(refusal().find("holds 10 leaves, and the last checkpoint was of 20 leaves"),
            std::string::npos)
      << refusal();
  clock_.set(9'000'000);
  add(30);  // as many again do not make it the same
  EXPECT_NE(refusal().find("are not those of the last checkpoint"), std::string::npos);
}

TEST_F(SignerTest, AChangedLeafIsRefused) {
  add(10);
  static_cast<void>(signer_->sign(log_));
  database_->write(log_.business, [&](db::Tx& tx) {
    tx.execute("UPDATE journal SET leaf = $2 WHERE business = $1 AND leaf_index = 4",
               {log_.business, base::ByteSpan(base::Bytes(66, 1))});
  });
  remake();
  EXPECT_NE(refusal().find("the first 10 leaves are not those"), std::string::npos);
}

TEST_F(SignerTest, ANewEpochCommitsToTheOld) {
  add(10);
  static_cast<void>(signer_->sign(log_));
  EXPECT_THROW(signer_->begin_epoch(log_, "for nothing"), base::Error);
  add(10);
  const SignedCheckpoint lost = signer_->sign(log_);
  roll_back_to(12);
  const SignedCheckpoint fresh = signer_->begin_epoch(log_, "a backup was restored");
  EXPECT_EQ(fresh.epoch, 2);
  EXPECT_EQ(fresh.size, 13U);
  expect_good(fresh);
  database_->read(log_.business, [&](db::Tx& tx) {
    const auto all = epochs(tx);
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].previous, lost.note);
    db::Rows rows =
        tx.query("SELECT record, kind FROM journal WHERE business = $1 AND leaf_index = 12",
                 {log_.business});
    ASSERT_TRUE(rows.next());
    const base::Json record = base::parse_json(rows->text(0));
    EXPECT_EQ(record.find("previous")->text(), lost.note);
    EXPECT_EQ(rows->integer(1), static_cast<std::int64_t>(Kind::kAnchor));
  });
  add(1);
  expect_good(signer_->sign(log_));
  // And back to before it, once more.
  roll_back_to(5);
  database_->write(1, [&](db::Tx& tx) { tx.execute("DELETE FROM ledger_epochs", {}); });
  EXPECT_NE(refusal().find("epoch 2 was signed already"), std::string::npos) << refusal();
  EXPECT_EQ(signer_->begin_epoch(log_, "again").epoch, 3);
}

TEST_F(SignerTest, AKeyIsRotatedByALeafThatTheOldOneSigned) {
  add(3);
  const SignedCheckpoint before = signer_->sign(log_);
  const tlog::VerifierKey old = newest_key();
  const SignedCheckpoint after = signer_->rotate_key(log_);
  EXPECT_NE(newest_key(), old);
  EXPECT_EQ(after.size, before.size + 1);
  expect_good(after);
  database_->read(log_.business, [&](db::Tx& tx) {
    db::Rows rows = tx.query("SELECT record FROM journal WHERE business = $1 AND leaf_index = 3",
                             {log_.business});
    ASSERT_TRUE(rows.next());
    const base::Json record = base::parse_json(rows->text(0));
    const auto statement = tlog::parse_note(record.find("statement")->text());
    ASSERT_TRUE(statement);
    EXPECT_EQ(statement->text, newest_key().text() + "\n");
    EXPECT_EQ(tlog::is_signed_by(*statement, old), tlog::Signed::kYes);
  });
  open();
  EXPECT_EQ(signer_->sign(log_).note, after.note);
}

TEST_F(SignerTest, ARotationThatWasCutOffIsFinished) {
  add(3);
  static_cast<void>(signer_->sign(log_));
  const std::string old = base::read_file(file(".key"), 1'000);
  static_cast<void>(signer_->rotate_key(log_));
  base::write_file(file(".key.next"), base::read_file(file(".key"), 1'000));
  base::write_file(file(".key"), old);
  open();
  expect_good(signer_->sign(log_));
  EXPECT_FALSE(fs::exists(file(".key.next")));
}

TEST_F(SignerTest, WithoutItsKeyOrWithAChangedCheckpointNothingIsSigned) {
  add(3);
  static_cast<void>(signer_->sign(log_));
  const std::string key = base::read_file(file(".key"), 1'000);
  fs::remove(file(".key"));
  add(1);
  EXPECT_NE(refusal().find("its key"), std::string::npos);
  base::write_file(file(".key"), "nonsense");
  EXPECT_NE(refusal().find("its key"), std::string::npos);
  base::write_file(file(".key"), key);
  const std::string last = base::read_file(file(".checkpoint"), 1'000);
  std::string changed = last;
  changed.replace(changed.find("\n3\n"), 3, "\n1\n");
  base::write_file(file(".checkpoint"), changed);
  EXPECT_NE(refusal().find("is not what was signed"), std::string::npos);
  base::write_file(file(".checkpoint"), last);
  expect_good(signer_->sign(log_));
}

TEST_F(SignerTest, ServersThatStartTogetherMakeOneKey) {
  add(3);
  std::vector<std::thread> threads;
  threads.reserve(4);
  std::atomic<int> signed_by = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      // Two share a folder, the others have one each.
      Signer one(*database_, i < 2 ? keys() : keys() + std::to_string(i), "", clock_);
      try {
        static_cast<void>(one.sign(log_));
        ++signed_by;
      } catch (const base::Error& error) {
        EXPECT_NE(error.message().find("key"), std::string::npos) << error.message();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(signed_by, 1);
  EXPECT_LE(signed_by, 2);
  EXPECT_EQ(database_->read(log_.business, [](db::Tx& tx) { return verifiers(tx); }).size(), 1U);
}

TEST_F(SignerTest, ALostKeyIsFollowedByAnotherInANewEpoch) {
  add(3);
  const SignedCheckpoint last = signer_->sign(log_);
  fs::remove_all(keys());
  open();
  EXPECT_NE(refusal().find("new-epoch"), std::string::npos);
  const SignedCheckpoint fresh = signer_->begin_epoch(log_, "the disk was lost");
  EXPECT_EQ(fresh.epoch, 2);
  expect_good(fresh);
  EXPECT_EQ(database_->read(log_.business, [](db::Tx& tx) { return epochs(tx); }).at(0).previous,
            last.note);
  add(1);
  open();
  expect_good(signer_->sign(log_));
}

// Two servers of one database, each with its copy of the key.
TEST_F(SignerTest, ServersWithTheSameKeySignInTurn) {
  add(3);
  static_cast<void>(signer_->sign(log_));
  fs::create_directories(folder_.path() + "/other");
  for (const char* suffix : {".key", ".pub"}) {
    fs::copy_file(file(suffix), folder_.path() + "/other/" + log_.id.text() + suffix);
  }
  Signer other(*database_, folder_.path() + "/other", "", clock_);
  add(1);
  expect_good(other.sign(log_));
  add(1);
  expect_good(signer_->sign(log_));
  expect_good(other.sign(log_));
  Signer stranger(*database_, folder_.path() + "/stranger", "", clock_);
  EXPECT_THROW(static_cast<void>(stranger.sign(log_)), base::Error);
}

}  // namespace
}  // namespace annals::ledger
