// How long things took, counted in buckets whose width is at most 1/64 of what they hold (so that
// a percentile is right within 1.6 %). Fixed size; one thread, and add() joins those of several.
#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/json.h"

namespace annals::bench {

class Histogram {
 public:
  void record(std::int64_t nanoseconds) {
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(nanoseconds, 0));
    ++counts_[index_of(value)];
    ++count_;
    sum_ += value;
    max_ = std::max(max_, value);
  }

  void add(const Histogram& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    count_ += other.count_;
    sum_ += other.sum_;
    max_ = std::max(max_, other.max_);
  }

  [[nodiscard]] std::uint64_t count() const { return count_; }

  /// Nanoseconds that `share` (0 to 1) of what was recorded took at most.
  [[nodiscard]] std::uint64_t percentile(double share) const {
    const double wanted = share * static_cast<double>(count_);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen > 0 && static_cast<double>(seen) >= wanted) return std::min(max_, upper_of(i));
    }
    return max_;
  }

  /// {count, mean, p50, p90, p99, p999, max}, in milliseconds.
  void write(base::JsonWriter& out) const {
    const auto ms = [](std::uint64_t ns) { return std::to_string(static_cast<double>(ns) / 1e6); };
    out.begin_object().member("count", static_cast<std::int64_t>(count_));
    out.key("mean").raw(ms(count_ == 0 ? 0 : sum_ / count_));
    out.key("p50").raw(ms(percentile(0.50)));
    out.key("p90").raw(ms(percentile(0.90)));
    out.key("p99").raw(ms(percentile(0.99)));
    out.key("p999").raw(ms(percentile(0.999)));
    out.key("max").raw(ms(max_)).end_object();
  }

 private:
  static constexpr unsigned kDigits = 6;  // binary digits that are kept of a value
  static constexpr std::uint64_t kStep = 1U << kDigits;

  static std::size_t index_of(std::uint64_t value) {
    if (value < kStep) return static_cast<std::size_t>(value);
    const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - kDigits - 1;
    return static_cast<std::size_t>((shift + 1) * kStep + (value >> shift) - kStep);
  }
  static std::uint64_t upper_of(std::size_t index) {
    const std::uint64_t at = index;
    if (at < kStep) return at;
    const std::uint64_t shift = at / kStep - 1;
    return ((at % kStep + kStep + 1) << shift) - 1;
  }

  std::array<std::uint64_t, (64 - kDigits + 1) * kStep> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace annals::bench
