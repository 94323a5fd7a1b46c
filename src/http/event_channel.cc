#include "http/event_channel.h"

#include <algorithm>
#include <iterator>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "http/message.h"

namespace annals::http {
namespace {

void append_line(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  std::copy_if(value.begin(), value.end(), std::back_inserter(out),
               [](char c) { return c != '\r' && c != '\n' && c != '\0'; });
  out += '\n';
}

}  // namespace

void append_event(std::string& out, const EventSource::Event& event) {
  if (!event.id.empty()) append_line(out, "id", event.id);
  if (!event.name.empty()) append_line(out, "event", event.name);
  std::string_view rest = event.data;
  for (;;) {
    const auto end = rest.find('\n');
    append_line(out, "data", rest.substr(0, end));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  out += '\n';
}

bool EventChannel::send(const EventSource::Event& event) {
  const std::scoped_lock lock(mutex_);
  if (!wake_ || overflowed_) return false;
  const bool was_empty = waiting_.empty();
  append_event(waiting_, event);
  if (waiting_.size() > kEventBytesMax) {
    overflowed_ = true;
    waiting_ = {};
  }
  if (was_empty || overflowed_) wake_();
  return !overflowed_;
}

std::string EventChannel::take() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(waiting_, {});
}

bool EventChannel::overflowed() const {
  const std::scoped_lock lock(mutex_);
  return overflowed_;
}

void EventChannel::close() {
  const std::scoped_lock lock(mutex_);
  wake_ = nullptr;
  waiting_ = {};
}

}  // namespace annals::http
