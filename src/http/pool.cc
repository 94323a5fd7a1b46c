#include "http/pool.h"

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace annals::http {

Pool::Pool(std::size_t threads_max, std::size_t queued_max)
    : threads_max_(threads_max), queued_max_(queued_max) {}

Pool::~Pool() { stop(); }

bool Pool::add(std::unique_ptr<Job>& job, Entry entry) {
  {
    const std::scoped_lock lock(mutex_);
    if (stopped_) return false;
    const bool all_busy = threads_.size() == threads_max_ && queue_.size() >= idle_;
    if (entry == Entry::kBounded && all_busy && queue_.size() - idle_ >= queued_max_) return false;
    queue_.push_back(std::move(job));
    if (idle_ < queue_.size() && threads_.size() < threads_max_) {
      threads_.emplace_back([this] { work(); });
      return true;
    }
  }
  wake_.notify_one();
  return true;
}

void Pool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    wake_.wait(lock, [this] { return stopped_ || !queue_.empty(); });
    --idle_;
    if (stopped_) return;
    std::unique_ptr<Job> job = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    job->run();
    job.reset();
    lock.lock();
  }
}

void Pool::stop() {
  std::deque<std::unique_ptr<Job>> dropped;
  std::vector<std::thread> threads;
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
    dropped.swap(queue_);
    threads.swap(threads_);
  }
  wake_.notify_all();
  for (std::thread& thread : threads) thread.join();
}

}  // namespace annals::http
