// Work that waits for others outside, done on a thread of its own, one piece after the other, each
// as often as it takes. Private to evidence/.
#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace annals::evidence {

/// How often is tried. After a failure nothing is tried for `first_wait`, which doubles with each
/// failure in a row, up to `longest_wait`.
struct RetryPace {
  std::chrono::milliseconds first_wait{1'000};
  std::chrono::milliseconds longest_wait{600'000};
  int tries_max = 100;              // of one piece; then it is given up
  std::size_t waiting_max = 1'000;  // of more, the oldest are given up
};

class RetryQueue {
 public:
  /// A piece of work, told from others by its name. Throws where it did not come through.
  /// `stopping` becomes true when nothing more is waited for.
  struct Piece {
    std::string name;
    std::function<void(const std::atomic<bool>& stopping)> work;
  };

  /// `whom`, a constant text, stands in the log and in the metrics: "webhook".
  RetryQueue(const char* whom, RetryPace pace);
  ~RetryQueue();  // stop()
  RetryQueue(const RetryQueue&) = delete;
  RetryQueue& operator=(const RetryQueue&) = delete;

  /// Returns at once. Nothing happens where a piece of that name waits already. Safe from any
  /// thread.
  void add(Piece piece);
  /// Ends what is being tried; what waits is forgotten. Idempotent.
  void stop();

 private:
  struct Waiting {
    Piece piece;
    int tries = 0;
  };
  void run();
  void failed(Waiting one, const std::string& why);
  void give_up(const Waiting& one);
  void show_waiting() const;

  const char* const whom_;
  const RetryPace pace_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_{};
  std::condition_variable changed_{};
  std::deque<Waiting> waiting_{};
  std::string running_{};  // the name of what is being tried
  int failures_ = 0;       // in a row
  std::thread thread_;
};

}  // namespace annals::evidence
