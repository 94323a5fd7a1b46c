#include "http/pool.h"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace annals::http {
namespace {

// Handlers that wait for one commit end together, and now and then the disk stalls: the pace is
// that of this time.
constexpr double kPaceUs = 500'000;
constexpr base::Micros kMeasureUs = 20'000;  // a part of it

}  // namespace

Pool::Pool(std::size_t threads_max, const QueueLimits& limits, const base::Clock& clock)
    : threads_max_(threads_max), limits_(limits), clock_(clock) {}

Pool::~Pool() { stop(); }

bool Pool::add(std::unique_ptr<Job>& job, Entry entry) {
  const base::Micros now = clock_.steady();
  Jobs late;
  bool refused = false;
  bool wakes = false;
  {
    const std::scoped_lock lock(mutex_);
    if (stopped_) return false;
    take_late(now, late);
    refused = entry == Entry::kBounded && full();
    if (!refused) {
      job->since_ = now;
      job->bounded_ = entry == Entry::kBounded;
      queue_.push_back(std::move(job));
      wakes = true;
      if (idle_ < queue_.size() && threads_.size() < threads_max_) {
        threads_.emplace_back([this] { work(); });
        wakes = false;
      }
    }
  }
  if (wakes) wake_.notify_one();
  for (const auto& one : late) one->refuse();
  return !refused;
}

bool Pool::is_full() {
  const std::scoped_lock lock(mutex_);
  return full();
}

bool Pool::full() const {
  if (threads_.size() < threads_max_ || queue_.size() < idle_) return false;
  const std::size_t waiting = queue_.size() - idle_;
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

void Pool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    wake_.wait(lock, [this] { return stopped_ || !queue_.empty(); });
    --idle_;
    if (stopped_) return;
    const base::Micros now = clock_.steady();
    std::unique_ptr<Job> job = std::move(queue_.front());
    queue_.pop_front();
    const bool late = is_late(*job, now);
    if (!late) measure(now);
    lock.unlock();
    if (late) {
      job->refuse();
    } else {
      job->run();
    }
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
