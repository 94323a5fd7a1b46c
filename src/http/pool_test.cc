// The queue before the handlers: how long one may have to wait in it.
#include "http/pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>

#include "base/clock.h"
#include "http/test_client.h"

namespace annals::http {
namespace {

constexpr base::Micros kMs = 1'000;

/// A pool of one thread, whose jobs say when they have begun, and end when they may.
class PoolTest : public testing::Test {
 protected:
  void TearDown() override { may_end_ = 1'000'000; }

  class Waiting final : public Pool::Job {
   public:
    explicit Waiting(PoolTest& test) : test_(test) {}
    void run() override {
      const int number = ++test_.begun_;
      EXPECT_TRUE(eventually([&] { return test_.may_end_ >= number; }));
    }
    void refuse() override { ++test_.refused_; }

   private:
    PoolTest& test_;
  };

  bool add(Pool::Entry entry = Pool::Entry::kBounded) {
    std::unique_ptr<Pool::Job> job = std::make_unique<Waiting>(*this);
    return pool_.add(job, entry);
  }
  /// Ends the job that runs `took` after it began, and waits for the next one to begin.
  void go_on(base::Micros took) {
    const int next = begun_ + 1;
    clock_.advance(took);
    ++may_end_;
    EXPECT_TRUE(eventually([&] { return begun_ >= next; }));
  }
  void begin_first() {
    EXPECT_TRUE(add());
    EXPECT_TRUE(eventually([&] { return begun_ == 1; }));
  }

  base::ManualClock clock_;
  std::atomic<int> begun_ = 0;
  std::atomic<int> may_end_ = 0;
  std::atomic<int> refused_ = 0;
  Pool pool_{1, {.jobs_max = 40, .wait_us_max = 100 * kMs, .late_us = 1'000 * kMs}, clock_};
};

TEST_F(PoolTest, TakesSoManyWhileThePaceIsNotKnown) {
  begin_first();
  for (int i = 0; i < 40; ++i) EXPECT_TRUE(add()) << i;
  EXPECT_TRUE(pool_.is_full());
  EXPECT_FALSE(add());
  EXPECT_TRUE(add(Pool::Entry::kAdmitted)) << "a step of what was let in";
}

TEST_F(PoolTest, TakesNobodyWhoWouldWaitForLongerThanTheLimit) {
  begin_first();
  for (int i = 0; i < 35; ++i) EXPECT_TRUE(add());
  for (int i = 0; i < 30; ++i) go_on(20 * kMs);  // so that is the pace
  EXPECT_TRUE(add()) << "one more than five, of 20 ms each";
  EXPECT_TRUE(pool_.is_full());
  EXPECT_FALSE(add());
  go_on(20 * kMs);
  EXPECT_TRUE(add());
}

TEST_F(PoolTest, AStallIsNotThePace) {
  begin_first();
  for (int i = 0; i < 38; ++i) EXPECT_TRUE(add());
  for (int i = 0; i < 30; ++i) go_on(2 * kMs);
  go_on(100 * kMs);
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(add()) << i;
}

TEST_F(PoolTest, ForgetsThePaceOfLongAgo) {
  begin_first();
  for (int i = 0; i < 40; ++i) EXPECT_TRUE(add());
  go_on(50 * kMs);
  go_on(50 * kMs);
  EXPECT_FALSE(add());
  for (int i = 0; i < 35; ++i) go_on(10 * kMs);
  EXPECT_TRUE(add()) << "one more than three, which took 10 ms each";
  EXPECT_TRUE(add());
  EXPECT_TRUE(add());
}

TEST_F(PoolTest, RefusesWhoHasWaitedForTooLong) {
  begin_first();
  EXPECT_TRUE(add());
  clock_.advance(500 * kMs);
  EXPECT_TRUE(add());
  clock_.advance(501 * kMs);
  EXPECT_EQ(refused_, 0);
  EXPECT_TRUE(add()) << "which finds the first one late";
  EXPECT_EQ(refused_, 1);
  clock_.advance(600 * kMs);  // nobody comes, so the thread finds the second one late
  ++may_end_;
  EXPECT_TRUE(eventually([&] { return begun_ == 2; }));
  EXPECT_EQ(refused_, 2);
}

TEST_F(PoolTest, NeverRefusesAStepOfWhatWasLetIn) {
  begin_first();
  EXPECT_TRUE(add(Pool::Entry::kAdmitted));
  clock_.advance(5'000 * kMs);
  EXPECT_TRUE(add());
  go_on(0);
  EXPECT_EQ(refused_, 0);
}

}  // namespace
}  // namespace annals::http
