// A thread that is going to wait (for a commit, a lock, the network) or to work for long says so,
// so that a pool that runs few threads at a time lets another one run meanwhile.
#pragma once

namespace annals::base {

/// Who wants to know it of a thread.
class BlockingListener {
 public:
  virtual ~BlockingListener() = default;
  BlockingListener() = default;
  BlockingListener(const BlockingListener&) = delete;
  BlockingListener& operator=(const BlockingListener&) = delete;
  virtual void blocks() noexcept = 0;
  virtual void goes_on() noexcept = 0;
};

/// Of the calling thread, until it ends or another one is set; null for none.
void set_blocking_listener(BlockingListener* listener);

/// While it lives, the thread blocks. One inside another counts once.
class Blocking {
 public:
  Blocking();
  ~Blocking();
  Blocking(const Blocking&) = delete;
  Blocking& operator=(const Blocking&) = delete;

 private:
  BlockingListener* told_;
};

}  // namespace annals::base
