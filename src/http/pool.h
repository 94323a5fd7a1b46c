// The threads that run handlers, which may block, and the queue before them, which is bounded by
// the time that a request would have to wait in it (docs/design/0006-overload.md). Private to the
// server. Safe from any thread.
#pragma once
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/limits.h"
#include "http/wire.h"

namespace annals::http {

/// How many jobs wait, and for how long.
struct QueueLimits {
  std::size_t jobs_max = base::limits::kQueuedRequestsMax;
  /// Nobody joins who would wait for longer at the pace of the jobs before.
  base::Micros wait_us_max = base::limits::kQueueWaitMs * 1'000;
  /// Who has waited for longer all the same, since the pace changed, is refused.
  base::Micros late_us = base::limits::kQueueLateMs * 1'000;
};

class Pool {
 public:
  class Job {
   public:
    virtual ~Job() = default;
    virtual void run() = 0;     // on a thread of the pool
    virtual void refuse() = 0;  // in place of run(): it has waited for too long. On any thread.

   private:
    friend class Pool;
    base::Micros since_ = 0;
    bool bounded_ = false;
  };
  enum class Entry {
    kBounded,   // refused where the queue is full
    kAdmitted,  // a further step of what the queue has let in
  };

  Pool(std::size_t threads_max, const QueueLimits& limits, const base::Clock& clock);
  ~Pool();  // stop()
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// False, with `job` untouched, where the queue is full or the pool has stopped.
  bool add(std::unique_ptr<Job>& job, Entry entry);
  /// Whether a bounded job would be refused now.
  [[nodiscard]] bool is_full();
  /// Waits for the jobs that run; drops those that have not begun.
  void stop();

 private:
  using Jobs = std::vector<std::unique_ptr<Job>>;

  void work();
  [[nodiscard]] bool full() const;
  [[nodiscard]] bool is_late(const Job& job, base::Micros now) const;
  void take_late(base::Micros now, Jobs& late);
  void measure(base::Micros now);

  const std::size_t threads_max_;
  const QueueLimits limits_;
  const base::Clock& clock_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::unique_ptr<Job>> queue_;
  std::size_t idle_ = 0;
  bool stopped_ = false;
  std::vector<std::thread> threads_;  // started as they are needed

  // The pace: how many jobs began in which time while jobs waited, what was long ago counting less.
  double paced_us_ = 0;
  double paced_jobs_ = 0;
  bool measuring_ = false;
  base::Micros measured_since_ = 0;
  int measured_ = 0;
};

/// Runs `work`, which does not throw, on the pool, and resumes the caller on its own thread. False
/// where the pool did not run it. What `work` refers to must live in the awaiting coroutine.
template <class Work>
Task<bool> run_on(Pool* pool, Pool::Entry entry, Work work) {
  bool taken = true;
  const auto initiate = [&](auto handler) {
    using Resume = decltype(handler);
    struct Run final : Pool::Job {
      Run(Work& w, bool& t, Resume r) : work(&w), taken(&t), resume(std::move(r)) {}
      void run() override {
        (*work)();
        go_on();
      }
      void refuse() override {
        *taken = false;
        go_on();
      }
      void go_on() {
        const auto executor = boost::asio::get_associated_executor(resume);
        boost::asio::post(executor, std::move(resume));
      }
      Work* work;
      bool* taken;
      Resume resume;
    };
    std::unique_ptr<Pool::Job> job = std::make_unique<Run>(work, taken, std::move(handler));
    if (!pool->add(job, entry)) job->refuse();
  };
  co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<Executor>, void()>(
      initiate, kAwait);
  co_return taken;
}

}  // namespace annals::http
