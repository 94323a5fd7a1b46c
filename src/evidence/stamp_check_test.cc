#include "evidence/stamp_check.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/random.h"
#include "base/temp_folder.h"
#include "db/db.h"
#include "db/test_database.h"
#include "ledger/signer.h"
#include "ledger/stamps.h"
#include "ledger/test_ledger.h"
#include "tlog/stamp.h"
#include "tlog/test_authority.h"
#include "tlog/tree.h"

namespace annals::evidence {
namespace {

constexpr std::int64_t kHour = 3'600;
constexpr std::int64_t kStampedSecond = 1'750'000'000;  // 2025-06-15 15:06:40 UTC
constexpr const char* kCheckpoint = R"(
  INSERT INTO checkpoints (business, epoch, size, root, note, signed_at)
  VALUES (1, 1, $1, $2, $3, $4))";
constexpr const char* kOtherNote = "UPDATE checkpoints SET note = 'another' WHERE size = $1";

class StampCheckTest : public ::testing::Test {
 protected:
  /// A checkpoint of `size` leaves, signed and stamped at these seconds.
  void stamp(std::int64_t size, std::int64_t signed_at, std::int64_t stamped_at) {
    const ledger::SignedCheckpoint checkpoint{.epoch = 1,
                                              .size = static_cast<std::uint64_t>(size),
                                              .root = {},
                                              .note = "note " + std::to_string(size),
                                              .signed_at = signed_at * base::kMicrosPerSecond};
    database_->write(1, [&](db::Tx& tx) {
      tx.execute(kCheckpoint,
                 {size, base::ByteSpan(checkpoint.root), checkpoint.note, checkpoint.signed_at});
      ledger::keep_stamp(
          tx, checkpoint,
          authority_.answer(tlog::stamp_request(checkpoint.note, base::SeededRandom(1)),
                            static_cast<long>(stamped_at)));
    });
  }
  StampCheck read(const std::string& authorities = "") {
    StampCheck check;
    faults_.clear();
    check.read(*database_, 1, 1, authorities,
               [&](const std::string& what) { faults_ += what + "\n"; });
    return check;
  }
  static bool is_told(const std::string& what, std::string_view part) {
    return what.find(part) != std::string::npos;
  }

  base::TempFolder folder_;
  std::unique_ptr<db::Database> database_ =
      db::open_for_test({.folder = folder_.path(), .derive = [](db::Tx& tx, std::int64_t after) {
                           return ledger::derive_tree(tx, after);
                         }});
  tlog::TestAuthority authority_;
  std::string faults_;
};

base::Micros at(std::int64_t second) { return second * base::kMicrosPerSecond; }

TEST_F(StampCheckTest, leaves_were_recorded_before_the_stamp_that_holds_them_and_after_the_others) {
  stamp(10, kStampedSecond, kStampedSecond + 1);
  stamp(20, kStampedSecond + kHour, kStampedSecond + kHour + 1);
  StampCheck check = read(authority_.certificate());
  EXPECT_EQ(faults_, "");
  EXPECT_EQ(check.count(), 2);
  EXPECT_EQ(check.fault_of(0, at(kStampedSecond - 1'000 * kHour)), "");
  EXPECT_EQ(check.fault_of(9, at(kStampedSecond)), "");
  EXPECT_TRUE(is_told(check.fault_of(9, at(kStampedSecond + kHour)),
                      "recorded_at: is after 2025-06-15T15:06:41"));
  EXPECT_EQ(check.fault_of(10, at(kStampedSecond)), "");
  // Back-dated: it was not there yet.
  EXPECT_TRUE(is_told(check.fault_of(11, at(kStampedSecond - kHour)),
                      "recorded_at: is before 2025-06-15T15:06:40"));
  EXPECT_EQ(check.fault_of(20, at(kStampedSecond + kHour)), "");
  EXPECT_TRUE(is_told(check.fault_of(21, at(kStampedSecond)), "recorded_at: is before"));
  EXPECT_EQ(check.fault_of(22, at(kStampedSecond + 1'000 * kHour)), "");
}

TEST_F(StampCheckTest, a_stamp_that_came_late_says_nothing_of_what_came_in_between) {
  stamp(10, kStampedSecond, kStampedSecond + 30 * kHour);
  StampCheck check = read();
  EXPECT_EQ(check.fault_of(10, at(kStampedSecond + kHour)), "");
}

TEST_F(StampCheckTest, what_is_no_stamp_of_its_checkpoint_or_of_no_authority_is_told) {
  stamp(10, kStampedSecond, kStampedSecond + 1);
  const tlog::TestAuthority other("Another");
  EXPECT_EQ(read(other.certificate()).count(), 0);
  EXPECT_TRUE(is_told(faults_, "the authorities that were given did not sign it")) << faults_;
  database_->write(1, [](db::Tx& tx) { tx.execute(kOtherNote, {std::int64_t{10}}); });
  EXPECT_EQ(read().count(), 0);
  EXPECT_TRUE(is_told(faults_, "10 leaves is none, or is of another checkpoint")) << faults_;
}

}  // namespace
}  // namespace annals::evidence
