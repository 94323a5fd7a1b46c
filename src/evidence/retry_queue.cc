#include "evidence/retry_queue.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "base/thread.h"
#include "http/metrics.h"

namespace annals::evidence {

RetryQueue::RetryQueue(const char* whom, RetryPace pace)
    : whom_(whom), pace_(pace), thread_([this] { run(); }) {}

RetryQueue::~RetryQueue() { stop(); }

void RetryQueue::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void RetryQueue::add(Piece piece) {
  {
    const std::lock_guard lock(mutex_);
    const bool known = piece.name == running_ ||
                       std::any_of(waiting_.begin(), waiting_.end(), [&](const Waiting& one) {
                         return one.piece.name == piece.name;
                       });
    if (known) return;
    waiting_.push_back({.piece = std::move(piece), .tries = 0});
    while (waiting_.size() > pace_.waiting_max) {
      give_up(waiting_.front());
      waiting_.pop_front();
    }
    show_waiting();
  }
  changed_.notify_all();
}

void RetryQueue::run() {
  base::name_thread(whom_);
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (failures_ > 0) {
      auto wait = pace_.first_wait;
      for (int i = 1; i < failures_ && wait < pace_.longest_wait; ++i) wait *= 2;
      changed_.wait_for(lock, std::min(wait, pace_.longest_wait),
                        [this] { return stopping_.load(); });
    }
    if (stopping_) return;
    Waiting one = std::move(waiting_.front());
    waiting_.pop_front();
    running_ = one.piece.name;
    lock.unlock();
    std::string why;
    try {
      one.piece.work(stopping_);
    } catch (const base::Error& error) {
      why = error.message();
    } catch (const std::exception& error) {
      why = error.what();
    }
    lock.lock();
    running_.clear();
    if (stopping_) return;
    if (!why.empty()) {
      failed(std::move(one), why);
    } else if (std::exchange(failures_, 0) > 0) {
      base::log(base::Level::kInfo, "it works again", {{"whom", std::string_view(whom_)}});
    }
    show_waiting();
  }
}

// The first failure in a row is told, the others would only fill the log.
void RetryQueue::failed(Waiting one, const std::string& why) {
  if (failures_++ == 0) {
    base::log(base::Level::kWarn, "it does not work; it is tried again",
              {{"whom", std::string_view(whom_)},
               {"what", std::string_view(one.piece.name)},
               {"why", std::string_view(why)}});
  }
  if (++one.tries >= pace_.tries_max) {
    give_up(one);
    return;
  }
  // To the end, so that one that never comes through holds up no other.
  waiting_.push_back(std::move(one));
}

void RetryQueue::give_up(const Waiting& one) {
  base::log(base::Level::kWarn, "it is given up",
            {{"whom", std::string_view(whom_)}, {"what", std::string_view(one.piece.name)}});
}

void RetryQueue::show_waiting() const {
  http::gauge("annals_checkpoints_waiting",
              "Checkpoints that wait to be told, by whom they wait for.", {{"for", whom_}})
      .set(static_cast<double>(waiting_.size()));
}

}  // namespace annals::evidence
