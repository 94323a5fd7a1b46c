// The four businesses of the demo and what happens in them.
#pragma once
#include <cstdint>

#include "base/clock.h"
#include "demo/story.h"

namespace annals::demo {

/// How many days the stories reach back.
inline constexpr std::int64_t kDays = 540;

[[nodiscard]] Story studio(base::Micros now, std::uint64_t seed);         // fitness, Berlin
[[nodiscard]] Story clinic(base::Micros now, std::uint64_t seed);         // physiotherapy, London
[[nodiscard]] Story seminar_house(base::Micros now, std::uint64_t seed);  // at a lake, Zurich
[[nodiscard]] Story club(base::Micros now, std::uint64_t seed);           // rowing, Amsterdam

}  // namespace annals::demo
