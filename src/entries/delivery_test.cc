#include "entries/delivery.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/id.h"
#include "base/json.h"

namespace annals::entries {
namespace {

constexpr std::array<std::string_view, 9> kAll = {"awaiting_send", "sent",       "delivered",
                                                  "unopened",      "opened",     "clicked",
                                                  "bounced",       "complained", "failed"};

std::string status_of(const std::vector<std::string_view>& events, std::string_view first) {
  std::string status(first);
  for (const std::string_view event : events) status = status_after(status, event, false);
  return status;
}

TEST(Delivery, is_read_as_it_was_written) {
  Delivery delivery{.business = base::make_id(1),
                    .contact = base::make_id(2),
                    .entry = base::make_id(3),
                    .id = base::make_id(4),
                    .status = "bounced",
                    .reason = "Full \"\n",
                    .machine = false,
                    .recorded_by = {"api_key", base::make_id(5), "Mailer"},
                    .occurred_at = -7,
                    .recorded_at = 1'700'000'000'000'000,
                    .source_id = "ev-1"};
  for (const bool bare : {false, true}) {
    if (bare) {
      delivery.reason.clear();
      delivery.source_id.clear();
      delivery.machine = true;
    }
    const std::string text = serialise(delivery);
    EXPECT_EQ(base::parse_json(text).canonical(), text);
    const Delivery read = parse_delivery(text);
    EXPECT_EQ(serialise(read), text);
    EXPECT_EQ(read.id, delivery.id);
    EXPECT_EQ(read.entry, delivery.entry);
    EXPECT_EQ(read.reason, delivery.reason);
    EXPECT_EQ(read.machine, delivery.machine);
    EXPECT_EQ(read.recorded_by.name, "Mailer");
  }
  EXPECT_THROW(static_cast<void>(parse_delivery(R"({"kind":"retraction"})")), base::Error);
  EXPECT_THROW(static_cast<void>(parse_delivery("[]")), base::Error);
}

TEST(Delivery, the_status_is_the_same_in_whatever_order_the_events_came) {
  for (const auto a : kAll) {
    for (const auto b : kAll) {
      for (const auto c : kAll) {
        std::vector<std::string_view> events = {a, b, c};
        std::sort(events.begin(), events.end());
        const std::string status = status_of(events, "sent");
        while (std::next_permutation(events.begin(), events.end())) {
          EXPECT_EQ(status_of(events, "sent"), status);
        }
      }
    }
  }
}

TEST(Delivery, what_is_worse_stays) {
  EXPECT_EQ(status_of({"bounced", "opened"}, "sent"), "bounced");
  EXPECT_EQ(status_of({"delivered", "sent"}, ""), "delivered");
  EXPECT_EQ(status_of({"clicked", "complained", "opened"}, "sent"), "complained");
  EXPECT_EQ(status_after("delivered", "opened", true), "delivered");
  EXPECT_EQ(status_after("", "opened", true), "");
}

TEST(Delivery, each_method_has_its_statuses) {
  const auto count = [](std::string_view method) {
    return std::count_if(kAll.begin(), kAll.end(),
                         [&](std::string_view status) { return is_status_of(method, status); });
  };
  const std::vector<std::pair<std::string_view, int>> counts = {
      {"email", 9}, {"sms", 5}, {"push", 3}, {"mail", 4}, {"phone", 0}, {"", 0}};
  for (const auto& [method, n] : counts) {
    EXPECT_EQ(count(method), n) << method;
    EXPECT_EQ(is_sent_by(method), n > 0) << method;
  }
  EXPECT_FALSE(is_status_of("email", "eaten"));
}

}  // namespace
}  // namespace annals::entries
