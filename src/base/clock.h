// Time as a seam: everything that needs the time is given a Clock; only base/ reads the real one.
#pragma once
#include <atomic>
#include <cstdint>

namespace annals::base {

/// Microseconds since 1970-01-01T00:00:00Z. All instants of the product have this shape.
using Micros = std::int64_t;

inline constexpr Micros kMicrosPerSecond = 1'000'000;
inline constexpr Micros kMicrosPerDay = 86'400 * kMicrosPerSecond;

class Clock {
 public:
  virtual ~Clock() = default;
  /// Wall time. May go back; who needs order must see to it.
  [[nodiscard]] virtual Micros now() const = 0;
  /// Microseconds of a clock that never goes back, for durations and deadlines.
  [[nodiscard]] virtual Micros steady() const = 0;
};

[[nodiscard]] const Clock& system_clock();

/// A clock that stands where a test puts it.
class ManualClock : public Clock {
 public:
  explicit ManualClock(Micros now = 1'700'000'000 * kMicrosPerSecond) : now_(now) {}
  [[nodiscard]] Micros now() const override { return now_; }
  [[nodiscard]] Micros steady() const override { return now_; }
  void set(Micros now) { now_ = now; }
  void advance(Micros by) { now_ += by; }

 private:
  std::atomic<Micros> now_;
};

}  // namespace annals::base
