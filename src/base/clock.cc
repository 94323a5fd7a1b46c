#include "base/clock.h"

#include <chrono>

namespace annals::base {
namespace {

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Micros now() const override {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(since).count();
  }
  [[nodiscard]] Micros steady() const override {
    const auto since = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(since).count();
  }
};

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

}  // namespace annals::base
