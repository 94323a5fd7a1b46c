#include "http/pool.h"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/blocking.h"
#include "base/clock.h"
#include "base/thread.h"

namespace annals::http {
namespace {

// Handlers that wait for one commit end together, and now and then the disk stalls: the pace is
// that of this time.
constexpr double kPaceUs = 500'000;
constexpr base::Micros kMeasureUs = 20'000;  // a part of it

}  // namespace

/// A thread of the pool tells here that it blocks.
class Pool::Turn final : public base::BlockingListener {
 public:
  explicit Turn(Pool& pool) : pool_(pool) {}
  void blocks() noexcept override {
    const std::scoped_lock lock(pool_.mutex_);
    --pool_.running_;
    pool_.call_thread();
  }
  void goes_on() noexcept override {
    const std::scoped_lock lock(pool_.mutex_);
    ++pool_.running_;  // perhaps one too many, until some thread is done
  }

 private:
  Pool& pool_;
};

Pool::Pool(std::size_t jobs_max, std::size_t running_max, const QueueLimits& limits,
           const base::Clock& clock)
    : jobs_max_(jobs_max), running_max_(running_max), limits_(limits), clock_(clock) {}

Pool::~Pool() { stop(); }

bool Pool::add(std::unique_ptr<Job>& job, Entry entry) {
  const base::Micros now = clock_.steady();
  Jobs late;
  bool refused = false;
  {
    const std::scoped_lock lock(mutex_);
    if (stopped_) return false;
    take_late(now, late);
    refused = entry == Entry::kBounded && full();
    if (!refused) {
      job->since_ = now;
      job->bounded_ = entry == Entry::kBounded;
      queue_.push_back(std::move(job));
      call_thread();
    }
  }
  for (const auto& one : late) one->refuse();
  return !refused;
}

// To be called, with the lock, when something may have become ready to begin.
void Pool::call_thread() {
  if (stopped_ || queue_.empty() || !may_begin()) return;
  if (!idle_.empty()) {
    Sleeper* sleeper = idle_.back();
    idle_.pop_back();
    ++running_;
    sleeper->called = true;
    sleeper->wake.notify_one();
  } else if (threads_.size() < jobs_max_) {
    try {
      threads_.emplace_back([this] { work(); });
      ++running_;
    } catch (const std::system_error&) {
      if (threads_.empty()) throw;  // else those that there are go on
    }
  }
}

bool Pool::is_full() {
  const std::scoped_lock lock(mutex_);
  return full();
}

bool Pool::full() const {
  const std::size_t here = begun_ + queue_.size();
  if (here < running_max_) return false;
  const std::size_t waiting = here - running_max_;  // also those that wait for a commit
  const double wait_us =
      paced_jobs_ > 0 ? static_cast<double>(waiting) * paced_us_ / paced_jobs_ : 0;
  return waiting >= limits_.jobs_max || wait_us > static_cast<double>(limits_.wait_us_max);
}

bool Pool::is_late(const Job& job, base::Micros now) const {
  return job.bounded_ && now - job.since_ > limits_.late_us;
}

void Pool::take_late(base::Micros now, Jobs& late) {
  while (!queue_.empty() && is_late(*queue_.front(), now)) {
    late.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
}

/// To be called when a job was taken.
void Pool::measure(base::Micros now) {
  if (queue_.empty()) {
    measuring_ = false;
    return;
  }
  if (!std::exchange(measuring_, true)) {
    measured_since_ = now;
    measured_ = 0;
    return;
  }
  ++measured_;
  if (now - measured_since_ < kMeasureUs) return;
  const auto passed_us = static_cast<double>(now - measured_since_);
  const double kept = std::max(0.0, 1 - passed_us / kPaceUs);
  paced_us_ = paced_us_ * kept + passed_us;
  paced_jobs_ = paced_jobs_ * kept + measured_;
  measured_since_ = now;
  measured_ = 0;
}

/// Runs the first job in the queue. False where there is none that this thread may begin.
bool Pool::run_next(std::unique_lock<std::mutex>& lock) {
  if (stopped_ || queue_.empty() || begun_ >= jobs_max_ || running_ > running_max_) return false;
  const base::Micros now = clock_.steady();
  std::unique_ptr<Job> job = std::move(queue_.front());
  queue_.pop_front();
  const bool late = is_late(*job, now);
  if (!late) measure(now);
  ++begun_;
  lock.unlock();
  bool is_over = true;
  if (late) {
    job->refuse();
  } else {
    is_over = job->run();
  }
  job.reset();
  lock.lock();
  if (is_over) --begun_;
  return true;
}

void Pool::work() {
  base::name_thread("handler");
  Turn turn(*this);
  base::set_blocking_listener(&turn);
  Sleeper sleeper;
  std::unique_lock lock(mutex_);
  for (;;) {
    while (run_next(lock)) {
    }
    --running_;
    if (stopped_) return;
    sleeper.called = false;
    idle_.push_back(&sleeper);
    call_thread();  // where it was one too many, or a place became free meanwhile
    sleeper.wake.wait(lock, [&] { return stopped_ || sleeper.called; });
    if (!sleeper.called) return;
  }
}

void Pool::release() {
  const std::scoped_lock lock(mutex_);
  if (--begun_ == 0) all_over_.notify_all();
  call_thread();
}

void Pool::stop() {
  std::deque<std::unique_ptr<Job>> dropped;
  std::vector<std::thread> threads;
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
    dropped.swap(queue_);
    threads.swap(threads_);
    for (Sleeper* sleeper : idle_) sleeper->wake.notify_one();
    idle_.clear();
  }
  for (std::thread& thread : threads) thread.join();
  std::unique_lock lock(mutex_);
  all_over_.wait(lock, [this] { return begun_ == 0; });
}

}  // namespace annals::http
