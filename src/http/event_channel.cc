#include "http/event_channel.h"

#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace annals::http {
bool EventChannel::send(std::string_view events) {
  const std::scoped_lock lock(mutex_);
  if (!wake_ || overflowed_ || ended_) return false;
  const bool was_empty = waiting_.empty();
  waiting_ += events;
  if (waiting_.size() > kEventBytesMax) {
    overflowed_ = true;
    waiting_ = {};
  }
  if (was_empty || overflowed_) wake_();
  return !overflowed_;
}

bool EventChannel::drained() const {
  const std::scoped_lock lock(mutex_);
  return waiting_.empty();
}

void EventChannel::end() {
  const std::scoped_lock lock(mutex_);
  ended_ = true;
  if (wake_) wake_();
}

std::string EventChannel::take() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(waiting_, {});
}

bool EventChannel::overflowed() const {
  const std::scoped_lock lock(mutex_);
  return overflowed_;
}

bool EventChannel::ended() const {
  const std::scoped_lock lock(mutex_);
  return ended_;
}

void EventChannel::close() {
  const std::scoped_lock lock(mutex_);
  wake_ = nullptr;
  waiting_ = {};
}

}  // namespace annals::http
