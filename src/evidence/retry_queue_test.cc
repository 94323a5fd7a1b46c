#include "evidence/retry_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"

namespace annals::evidence {
namespace {

// What was tried, in its order.
class Trace {
 public:
  void add(const std::string& what) {
    const std::lock_guard lock(mutex_);
    all_.push_back(what);
    changed_.notify_all();
  }
  std::vector<std::string> await(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(30), [&] { return all_.size() >= count; });
    return all_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> all_;
};

using Names = std::vector<std::string>;

constexpr RetryPace kQuick{.first_wait = std::chrono::milliseconds(1),
                           .longest_wait = std::chrono::milliseconds(2),
                           .tries_max = 3,
                           .waiting_max = 3};

class RetryQueueTest : public testing::Test {
 protected:
  RetryQueue::Piece piece(const std::string& name, int failures = 0) {
    return {.name = name,
            .work = [this, name, left = failures](const std::atomic<bool>& /*stopping*/) mutable {
              trace_.add(name);
              if (left-- > 0) throw base::Error(base::Code::kUnavailable, "not now");
            }};
  }
  // Holds the queue until it is let go.
  RetryQueue::Piece holder() {
    return {.name = "holder", .work = [this](const std::atomic<bool>& stopping) {
              trace_.add("holder");
              while (!held_.test() && !stopping) std::this_thread::yield();
            }};
  }
  Trace trace_;
  std::atomic_flag held_;
};

TEST_F(RetryQueueTest, does_one_after_the_other) {
  RetryQueue queue("test", kQuick);
  for (const char* name : {"a", "b", "c"}) {
    queue.add(piece(name));
    trace_.await(1);
  }
  EXPECT_EQ(trace_.await(3), (Names{"a", "b", "c"}));
}

TEST_F(RetryQueueTest, lives_on_after_whatever_work_throws) {
  RetryQueue queue("test", kQuick);
  queue.add({.name = "odd", .work = [this](const std::atomic<bool>& /*stopping*/) {
               trace_.add("odd");
               throw std::runtime_error("a bug");
             }});
  trace_.await(3);
  queue.add(piece("next"));
  EXPECT_EQ(trace_.await(4), (Names{"odd", "odd", "odd", "next"}));
}

TEST_F(RetryQueueTest, tries_again_and_lets_others_go_first) {
  RetryQueue queue("test", kQuick);
  queue.add(holder());
  trace_.await(1);
  queue.add(piece("a", 2));
  queue.add(piece("b"));
  held_.test_and_set();
  EXPECT_EQ(trace_.await(5), (Names{"holder", "a", "b", "a", "a"}));
}

TEST_F(RetryQueueTest, gives_up_what_never_comes_through) {
  RetryQueue queue("test", kQuick);
  queue.add(piece("a", 100));
  EXPECT_EQ(trace_.await(3), (Names{"a", "a", "a"}));
  queue.add(piece("b"));
  EXPECT_EQ(trace_.await(4).back(), "b");
}

TEST_F(RetryQueueTest, forgets_the_oldest_of_too_many) {
  RetryQueue queue("test", kQuick);
  queue.add(holder());
  trace_.await(1);
  for (const char* name : {"a", "b", "b", "c", "d", "e"}) queue.add(piece(name));
  held_.test_and_set();
  EXPECT_EQ(trace_.await(4), (Names{"holder", "c", "d", "e"}));
}

TEST_F(RetryQueueTest, ends_at_once_also_what_is_being_tried) {
  RetryPace slow = kQuick;
  slow.first_wait = std::chrono::hours(1);
  slow.longest_wait = std::chrono::hours(1);
  RetryQueue waiting("test", slow);
  waiting.add(piece("a", 1));
  trace_.await(1);
  waiting.stop();
  RetryQueue busy("test", slow);
  busy.add(holder());
  trace_.await(2);
  busy.stop();
  busy.stop();
}

}  // namespace
}  // namespace annals::evidence
