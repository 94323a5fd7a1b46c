// The threads that run handlers, and the queue before them, which is bounded by the time that a
// request would have to wait in it (docs/design/0006-overload.md). A few threads run at a time; who
// blocks says so (base/blocking.h) and another one runs meanwhile. Private to the server. Safe from
// any thread.
#pragma once
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
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
    /// On a thread of the pool. False where it goes on without one and keeps its place among the
    /// jobs that the pool has begun until release() is called for it.
    virtual bool run() = 0;
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

  /// At most `jobs_max` jobs are begun and not over, each with a thread or without one, and
  /// `running_max` threads run and do not block: enough for slow reads beside each other, and so
  /// few that under load nobody is woken, since whoever is done finds the next job.
  Pool(std::size_t jobs_max, std::size_t running_max, const QueueLimits& limits,
       const base::Clock& clock);
  ~Pool();  // stop()
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// False, with `job` untouched, where the queue is full or the pool has stopped.
  bool add(std::unique_ptr<Job>& job, Entry entry);
  /// Whether a bounded job would be refused now.
  [[nodiscard]] bool is_full();
  /// A job that goes on without a thread is over.
  void release();
  /// Waits for the jobs that have begun; drops those that have not.
  void stop();

 private:
  using Jobs = std::vector<std::unique_ptr<Job>>;

  /// What one thread sleeps on, so that the one that worked last is woken first: its memory is
  /// warm.
  struct Sleeper {
    std::condition_variable wake;
    bool called = false;
  };
  class Turn;

  void work();
  bool run_next(std::unique_lock<std::mutex>& lock);
  void call_thread();
  [[nodiscard]] bool may_begin() const { return begun_ < jobs_max_ && running_ < running_max_; }
  [[nodiscard]] bool full() const;
  [[nodiscard]] bool is_late(const Job& job, base::Micros now) const;
  void take_late(base::Micros now, Jobs& late);
  void measure(base::Micros now);

  const std::size_t jobs_max_;
  const std::size_t running_max_;
  const QueueLimits limits_;
  const base::Clock& clock_;
  std::mutex mutex_;
  std::deque<std::unique_ptr<Job>> queue_;
  std::vector<Sleeper*> idle_;
  std::condition_variable all_over_;
  std::size_t running_ = 0;  // threads that are awake and do not block
  std::size_t begun_ = 0;    // jobs that are not over
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
///
/// `work` may call what it is given: then the caller is resumed, and the job over, not when `work`
/// returns but when the function that it got is called, once, on any thread.
template <class Work>
Task<bool> run_until_on(Pool* pool, Pool::Entry entry, Work work) {
  bool taken = true;
  const auto initiate = [&](auto handler) {
    using Resume = decltype(handler);
    struct Run final : Pool::Job {
      Run(Pool& p, Work& w, bool& t, Resume r)
          : pool(&p), work(&w), taken(&t), resume(std::move(r)) {}
      bool run() override {
        bool kept = false;
        (*work)([&] {
          kept = true;
          // std::function copies what it holds.
          auto shared = std::make_shared<Resume>(std::move(resume));
          return std::function<void()>([pool = pool, shared = std::move(shared)] {
            go_on(std::move(*shared));
            pool->release();
          });
        });
        if (!kept) go_on(std::move(resume));
        return !kept;
      }
      void refuse() override {
        *taken = false;
        go_on(std::move(resume));
      }
      static void go_on(Resume resume) {
        const auto executor = boost::asio::get_associated_executor(resume);
        boost::asio::post(executor, std::move(resume));
      }
      Pool* pool;
      Work* work;
      bool* taken;
      Resume resume;
    };
    std::unique_ptr<Pool::Job> job = std::make_unique<Run>(*pool, work, taken, std::move(handler));
    if (!pool->add(job, entry)) job->refuse();
  };
  co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<Executor>, void()>(
      initiate, kAwait);
  co_return taken;
}

/// The same, where `work` takes nothing and is over when it returns.
template <class Work>
Task<bool> run_on(Pool* pool, Pool::Entry entry, Work work) {
  return run_until_on(pool, entry, [work = std::move(work)](const auto&) mutable { work(); });
}

}  // namespace annals::http
