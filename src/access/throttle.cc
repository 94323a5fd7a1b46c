#include "access/throttle.h"

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/limits.h"

namespace annals::access {
namespace {

constexpr base::Micros kWindow = base::limits::kSignInWindowSeconds * base::kMicrosPerSecond;

}  // namespace

std::optional<std::int64_t> Throttle::attempt(const std::string& who, base::Micros now) {
  const std::lock_guard lock(mutex_);
  auto it = windows_.find(who);
  if (it == windows_.end()) {
    make_room(now);
    it = windows_.emplace(who, Window{now, 0}).first;
  }
  Window& window = it->second;
  // A clock that was set back must not lock anybody out until it has caught up.
  if (now >= window.began + kWindow || now < window.began) window = {now, 0};
  if (window.attempts >= attempts_max_) {
    return (window.began + kWindow - now + base::kMicrosPerSecond - 1) / base::kMicrosPerSecond;
  }
  ++window.attempts;
  return std::nullopt;
}

void Throttle::forgive(const std::string& who) {
  const std::lock_guard lock(mutex_);
  const auto it = windows_.find(who);
  if (it != windows_.end() && it->second.attempts > 0) --it->second.attempts;
}

void Throttle::clear(const std::string& who) {
  const std::lock_guard lock(mutex_);
  windows_.erase(who);
}

void Throttle::make_room(base::Micros now) {
  if (windows_.size() < base::limits::kSignInCountersMax) return;
  std::erase_if(windows_, [&](const auto& item) { return now >= item.second.began + kWindow; });
  // Still full of attempts of this quarter of an hour: the oldest window makes room.
  while (windows_.size() >= base::limits::kSignInCountersMax) {
    auto oldest = windows_.begin();
    for (auto it = windows_.begin(); it != windows_.end(); ++it) {
      if (it->second.began < oldest->second.began) oldest = it;
    }
    windows_.erase(oldest);
  }
}

}  // namespace annals::access
