#include "base/id.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/random.h"

namespace annals::base {
namespace {

constexpr Micros kNow = 1'700'000'000 * kMicrosPerSecond;

TEST(Id, has_the_form_of_a_uuid_version_7) {
  const Id id = make_id(kNow);
  const std::string text = id.text();
  ASSERT_EQ(text.size(), 36U);
  EXPECT_EQ(text[14], '7');
  EXPECT_NE(std::string("89ab").find(text[19]), std::string::npos);
  EXPECT_EQ(parse_id(text), id);
}

TEST(Id, holds_the_time_in_milliseconds) {
  // Later than any other test's, so that the counter does not stand in front.
  const Micros later = kNow + 10'000 * kMicrosPerDay;
  const Id id = make_id(later);
  std::uint64_t ms = 0;
  for (std::size_t i = 0; i < 6; ++i) ms = (ms << 8U) | id.bytes[i];
  EXPECT_EQ(ms, static_cast<std::uint64_t>(later / 1000));
}

TEST(Id, rises_strictly_also_when_the_clock_stands_or_goes_back) {
  Id last = make_id(kNow);
  for (int i = 0; i < 10'000; ++i) {
    const Id next = make_id(kNow);
    ASSERT_LT(last, next);
    ASSERT_LT(last.text(), next.text());
    last = next;
  }
  const Id back = make_id(kNow - kMicrosPerDay);
  EXPECT_LT(last, back);
  EXPECT_LT(back, make_id(-1));
}

TEST(Id, never_repeats_across_threads) {
  std::vector<std::vector<Id>> made(4);
  std::vector<std::thread> threads;
  threads.reserve(made.size());
  for (auto& ids : made) {
    threads.emplace_back([&ids] {
      for (int i = 0; i < 5'000; ++i) ids.push_back(make_id(kNow));
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<Id> all;
  for (const auto& ids : made) {
    EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
    all.insert(ids.begin(), ids.end());
  }
  EXPECT_EQ(all.size(), 20'000U);
}

TEST(Id, is_read_in_the_form_with_hyphens_alone) {
  EXPECT_TRUE(parse_id("018f0000-0000-7000-8000-000000000000"));
  EXPECT_EQ(parse_id("018F0000-ABCD-7000-8000-000000000000")->text(),
            "018f0000-abcd-7000-8000-000000000000");
  for (const char* text :
       {"", "018f0000000070008000000000000000", "018f0000-0000-7000-8000-00000000000",
        "018f0000-0000-7000-8000-0000000000000", "{18f0000-0000-7000-8000-00000000000}",
        "018f0000_0000-7000-8000-000000000000", "018f0000-0000-7000-8000-00000000000g",
        "018f00000-000-7000-8000-000000000000"}) {
    EXPECT_FALSE(parse_id(text)) << text;
  }
}

TEST(Id, nil_is_known) {
  EXPECT_TRUE(Id{}.is_nil());
  EXPECT_FALSE(make_id(kNow).is_nil());
}

TEST(SeededRandom, repeats_for_a_seed_and_differs_for_another) {
  const SeededRandom a(7);
  const SeededRandom b(7);
  const SeededRandom c(8);
  std::vector<std::uint32_t> from_a;
  std::vector<std::uint32_t> from_b;
  std::vector<std::uint32_t> from_c;
  for (int i = 0; i < 100; ++i) {
    from_a.push_back(a.below(1000));
    from_b.push_back(b.below(1000));
    from_c.push_back(c.below(1000));
  }
  EXPECT_EQ(from_a, from_b);
  EXPECT_NE(from_a, from_c);
  EXPECT_TRUE(std::all_of(from_a.begin(), from_a.end(), [](std::uint32_t n) { return n < 1000; }));
  EXPECT_EQ(a.below(1), 0U);
}

TEST(SystemRandom, differs_each_time) {
  std::array<std::uint8_t, 16> a{};
  std::array<std::uint8_t, 16> b{};
  system_random().fill(a);
  system_random().fill(b);
  EXPECT_NE(a, b);
}

TEST(Clock, a_manual_clock_stands_where_it_is_put) {
  ManualClock clock(5);
  EXPECT_EQ(clock.now(), 5);
  clock.advance(3);
  EXPECT_EQ(clock.steady(), 8);
  clock.set(1);
  EXPECT_EQ(clock.now(), 1);
}

TEST(Clock, the_systems_clocks_go_on) {
  const Micros first = system_clock().steady();
  EXPECT_LE(first, system_clock().steady());
  EXPECT_GT(system_clock().now(), 1'700'000'000 * kMicrosPerSecond);
}

}  // namespace
}  // namespace annals::base
