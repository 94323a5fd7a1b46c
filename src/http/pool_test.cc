// The queue before the handlers: how long one may have to wait in it.
#include "http/pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "base/blocking.h"
#include "base/clock.h"
#include "http/test_client.h"

namespace annals::http {
namespace {

constexpr base::Micros kMs = 1'000;

/// A pool of which one thread may run, whose jobs say when they have begun, and end when they may.
class PoolTest : public testing::Test {
 protected:
  void TearDown() override { may_end_ = 1'000'000; }

  class Waiting final : public Pool::Job {
   public:
    explicit Waiting(PoolTest& test) : test_(test) {}
    bool run() override {
      const int number = ++test_.begun_;
      EXPECT_TRUE(eventually([&] { return test_.may_end_ >= number; }));
      return true;
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
  Pool pool_{64, 1, {.jobs_max = 40, .wait_us_max = 100 * kMs, .late_us = 1'000 * kMs}, clock_};
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

/// A job that does what it is told.
class Doing final : public Pool::Job {
 public:
  explicit Doing(std::function<bool()> what) : what_(std::move(what)) {}
  bool run() override { return what_(); }
  void refuse() override { ADD_FAILURE() << "refused"; }

 private:
  std::function<bool()> what_;
};

void add(Pool& pool, std::function<bool()> what) {
  std::unique_ptr<Pool::Job> job = std::make_unique<Doing>(std::move(what));
  EXPECT_TRUE(pool.add(job, Pool::Entry::kBounded));
}

constexpr QueueLimits kWide{.jobs_max = 100'000, .wait_us_max = 60'000'000, .late_us = 60'000'000};

TEST(PoolThreads, RunSoManyAtATimeAndMoreWhereSomeBlock) {
  std::atomic<int> running = 0;
  std::atomic<int> running_most = 0;
  std::atomic<int> blocking = 0;
  std::atomic<bool> go_on = false;
  Pool pool(64, 2, kWide, base::system_clock());
  for (int i = 0; i < 20; ++i) {
    add(pool, [&] {
      const int now = ++running;
      for (int most = running_most; now > most && !running_most.compare_exchange_weak(most, now);) {
      }
      --running;
      const base::Blocking block;
      const base::Blocking twice;  // counts once
      ++blocking;
      EXPECT_TRUE(eventually([&] { return go_on.load(); }));
      return true;
    });
  }
  EXPECT_TRUE(eventually([&] { return blocking == 20; })) << "all block beside each other";
  EXPECT_LE(running_most, 2);
  go_on = true;
}

TEST(PoolThreads, NoneIsNeededForAJobThatGoesOnWithoutOne) {
  std::atomic<int> begun = 0;
  Pool pool(3, 2, kWide, base::system_clock());
  for (int i = 0; i < 5; ++i) {
    add(pool, [&] {
      ++begun;
      return false;
    });
  }
  EXPECT_TRUE(eventually([&] { return begun == 3; })) << "so many may be begun";
  pool.release();
  EXPECT_TRUE(eventually([&] { return begun == 4; }));
  pool.release();
  EXPECT_TRUE(eventually([&] { return begun == 5; }));
  // Stopping waits for those that are not over.
  std::thread stopping([&] { pool.stop(); });
  for (int i = 0; i < 3; ++i) pool.release();
  stopping.join();
}

TEST(PoolThreads, EveryJobIsRunOnce) {
  static constexpr int kJobs = 20'000;
  std::vector<std::atomic<int>> runs(kJobs);
  std::atomic<int> all = 0;
  Pool pool(16, 4, kWide, base::system_clock());
  std::vector<std::thread> givers;
  givers.reserve(4);
  for (int giver = 0; giver < 4; ++giver) {
    givers.emplace_back([&, giver] {
      for (int i = giver; i < kJobs; i += 4) {
        add(pool, [&, i] {
          ++runs[static_cast<std::size_t>(i)];
          if (i % 7 == 0) {
            const base::Blocking block;
            ++all;
            return true;
          }
          ++all;
          if (i % 5 != 0) return true;
          std::thread([&pool] { pool.release(); }).detach();
          return false;
        });
      }
    });
  }
  for (std::thread& giver : givers) giver.join();
  EXPECT_TRUE(eventually([&] { return all == kJobs; }));
  pool.stop();
  for (const auto& count : runs) ASSERT_EQ(count, 1);
}

}  // namespace
}  // namespace annals::http
