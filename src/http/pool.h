// The threads that run handlers, which may block. Private to the server. Safe from any thread.
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

#include "http/wire.h"

namespace annals::http {

class Pool {
 public:
  struct Job {
    virtual ~Job() = default;
    virtual void run() = 0;
  };
  enum class Entry {
    kBounded,   // refused where the queue is full
    kAdmitted,  // a further step of what the queue has let in
  };

  Pool(std::size_t threads_max, std::size_t queued_max);
  ~Pool();  // stop()
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// False, with `job` untouched, where the queue is full or the pool has stopped.
  bool add(std::unique_ptr<Job>& job, Entry entry);
  /// Waits for the jobs that run; drops those that have not begun.
  void stop();

 private:
  void work();

  const std::size_t threads_max_;
  const std::size_t queued_max_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::unique_ptr<Job>> queue_;
  std::size_t idle_ = 0;
  bool stopped_ = false;
  std::vector<std::thread> threads_;  // started as they are needed
};

/// Runs `work`, which does not throw, on the pool, and resumes the caller on its own thread. False
/// where the pool did not take it. What `work` refers to must live in the awaiting coroutine.
template <class Work>
Task<bool> run_on(Pool* pool, Pool::Entry entry, Work work) {
  bool taken = true;
  const auto initiate = [&](auto handler) {
    using Resume = decltype(handler);
    struct Run final : Pool::Job {
      Run(Work& w, Resume r) : work(&w), resume(std::move(r)) {}
      void run() override {
        (*work)();
        const auto executor = boost::asio::get_associated_executor(resume);
        boost::asio::post(executor, std::move(resume));
      }
      Work* work;
      Resume resume;
    };
    std::unique_ptr<Pool::Job> job = std::make_unique<Run>(work, std::move(handler));
    if (pool->add(job, entry)) return;
    taken = false;
    auto resume = std::move(static_cast<Run&>(*job).resume);
    const auto executor = boost::asio::get_associated_executor(resume);
    boost::asio::post(executor, std::move(resume));
  };
  co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<Executor>, void()>(
      initiate, kAwait);
  co_return taken;
}

}  // namespace annals::http
