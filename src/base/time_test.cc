#include "base/time.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"

namespace annals::base {
namespace {

TEST(Time, rfc3339_is_read) {
  struct Row {
    const char* text;
    const char* utc;
  };
  const std::vector<Row> rows = {
      {"2016-05-02T12:30:00Z", "2016-05-02T12:30:00.000000Z"},
      {"2016-05-02t12:30:00z", "2016-05-02T12:30:00.000000Z"},
      {"2016-05-02 12:30:00Z", "2016-05-02T12:30:00.000000Z"},
      {"2016-05-02T12:30:00+02:00", "2016-05-02T10:30:00.000000Z"},
      {"2016-05-02T00:30:00+05:45", "2016-05-01T18:45:00.000000Z"},
      {"2016-12-31T23:30:00-01:00", "2017-01-01T00:30:00.000000Z"},
      {"2016-05-02T12:30:00-00:00", "2016-05-02T12:30:00.000000Z"},
      {"2016-05-02T12:30:00.1Z", "2016-05-02T12:30:00.100000Z"},
      {"2016-05-02T12:30:00.123456Z", "2016-05-02T12:30:00.123456Z"},
      {"2016-05-02T12:30:00.123456789Z", "2016-05-02T12:30:00.123456Z"},
      {"2016-02-29T00:00:00Z", "2016-02-29T00:00:00.000000Z"},
      {"2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000000Z"},
      {"1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"},
      {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"},
      {"9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"},
      {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000Z"},
      {"2017-01-01T00:59:60+01:00", "2017-01-01T00:00:00.000000Z"},
      {"2016-12-31T15:59:60.5-08:00", "2017-01-01T00:00:00.500000Z"},
  };
  for (const Row& row : rows) {
    const auto instant = parse_rfc3339(row.text);
    ASSERT_TRUE(instant) << row.text;
    EXPECT_EQ(format_rfc3339(*instant), row.utc) << row.text;
  }
}

TEST(Time, anything_but_rfc3339_is_refused) {
  for (const char* text : {
           "",
           "2016-05-02",
           "2016-05-02T12:30:00",
           "2016-05-02T12:30Z",
           "2016-05-02T12:30:00,5Z",
           "2016-05-02T12:30:00.Z",
           "2016-05-02T12:30:00.1234567890Z",
           "2016-05-02T12:30:00+0200",
           "2016-05-02T12:30:00+02",
           "2016-05-02T12:30:00+24:00",
           "2016-05-02T12:30:00+02:60",
           "2016-05-02T12:30:00Z ",
           " 2016-05-02T12:30:00Z",
           "2016-05-02X12:30:00Z",
           "2016-05-02T24:00:00Z",
           "2016-05-02T12:60:00Z",
           "2016-05-02T12:30:61Z",
           "2016-05-02T12:30:60Z",
           "2016-05-02T23:59:60+01:00",
           "2015-02-29T00:00:00Z",
           "1900-02-29T00:00:00Z",
           "2016-13-01T00:00:00Z",
           "2016-00-01T00:00:00Z",
           "2016-04-31T00:00:00Z",
           "2016-04-00T00:00:00Z",
           "0000-01-01T00:00:00Z",
           "0001-01-01T00:00:00+00:01",
           "9999-12-31T23:59:00-00:01",
           "9999-12-31T23:59:60Z",
           "20160502T123000Z",
           "+2016-05-02T12:30:00Z",
           "2016-5-2T12:30:00Z",
           "2016-05-02T1２:30:00Z",
           "-001-05-02T12:30:00Z",
       }) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

TEST(Time, dates_are_read_and_written) {
  EXPECT_EQ(parse_date("1970-01-01"), 0);
  EXPECT_EQ(parse_date("1969-12-31"), -1);
  EXPECT_EQ(format_date(*parse_date("0001-01-01")), "0001-01-01");
  EXPECT_EQ(format_date(*parse_date("9999-12-31")), "9999-12-31");
  for (const char* text :
       {"", "2016-5-2", "2016/05/02", "2016-05-32", "2015-02-29", "0000-01-01", "2016-05-02T"}) {
    EXPECT_FALSE(parse_date(text)) << text;
  }
}

RC_GTEST_PROP(TimeProperty, what_is_written_is_read_back, ()) {
  const Micros first = *parse_rfc3339("0001-01-01T00:00:00Z");
  const Micros last = *parse_rfc3339("9999-12-31T23:59:59.999999Z");
  const Micros instant = *rc::gen::inRange<Micros>(first, last + 1);
  RC_ASSERT(parse_rfc3339(format_rfc3339(instant)) == instant);
}

TEST(Time, zones_are_those_of_tzdata) {
  for (const char* zone : {"Europe/Berlin", "UTC", "America/Argentina/Ushuaia", "Europe/Kyiv"}) {
    EXPECT_TRUE(is_zone(zone)) << zone;
  }
  for (const char* zone :
       {"", "Europe", "europe/berlin", "Europe/Berlin ", "localtime", "posix/Europe/Berlin",
        "right/Europe/Berlin", "../../etc/passwd", "zone.tab", "Middle/Earth", "+02:00"}) {
    EXPECT_FALSE(is_zone(zone)) << zone;
  }
}

Micros local(const char* date, int hour, int minute, const char* zone) {
  return from_local(*parse_date(date), hour * 3600 + minute * 60, zone);
}

TEST(Time, local_times_become_instants) {
  struct Row {
    const char* date;
    int hour;
    int minute;
    const char* zone;
    const char* utc;
  };
  const std::vector<Row> rows = {
      {"2024-01-15", 12, 0, "Europe/Berlin", "2024-01-15T11:00:00.000000Z"},
      {"2024-07-15", 12, 0, "Europe/Berlin", "2024-07-15T10:00:00.000000Z"},
      {"2024-07-15", 12, 0, "Asia/Kathmandu", "2024-07-15T06:15:00.000000Z"},
      // 02:00 to 03:00 is skipped
      {"2024-03-31", 1, 59, "Europe/Berlin", "2024-03-31T00:59:00.000000Z"},
      {"2024-03-31", 2, 0, "Europe/Berlin", "2024-03-31T01:00:00.000000Z"},
      {"2024-03-31", 2, 30, "Europe/Berlin", "2024-03-31T01:00:00.000000Z"},
      {"2024-03-31", 3, 0, "Europe/Berlin", "2024-03-31T01:00:00.000000Z"},
      // 02:00 to 03:00 comes twice
      {"2024-10-27", 1, 59, "Europe/Berlin", "2024-10-26T23:59:00.000000Z"},
      {"2024-10-27", 2, 30, "Europe/Berlin", "2024-10-27T00:30:00.000000Z"},
      {"2024-10-27", 3, 0, "Europe/Berlin", "2024-10-27T02:00:00.000000Z"},
      // half an hour
      {"2024-10-06", 2, 15, "Australia/Lord_Howe", "2024-10-05T15:30:00.000000Z"},
      // a whole day is skipped
      {"2011-12-30", 12, 0, "Pacific/Apia", "2011-12-30T10:00:00.000000Z"},
      // past the transitions that tzdata lists
      {"2037-12-31", 12, 0, "Europe/Berlin", "2037-12-31T11:00:00.000000Z"},
      {"2040-01-15", 12, 0, "Europe/Berlin", "2040-01-15T11:00:00.000000Z"},
      {"2040-07-15", 12, 0, "Europe/Berlin", "2040-07-15T10:00:00.000000Z"},
      {"2040-03-25", 2, 30, "Europe/Berlin", "2040-03-25T01:00:00.000000Z"},
      {"2040-10-28", 2, 30, "Europe/Berlin", "2040-10-28T00:30:00.000000Z"},
      {"2040-07-15", 12, 0, "America/Coyhaique", "2040-07-15T15:00:00.000000Z"},
  };
  for (const Row& row : rows) {
    if (!is_zone(row.zone)) continue;  // an older tzdata
    EXPECT_EQ(format_rfc3339(local(row.date, row.hour, row.minute, row.zone)), row.utc)
        << row.zone << ' ' << row.date << ' ' << row.hour << ':' << row.minute;
  }
}

TEST(Time, days_begin_when_their_zone_says) {
  const auto start = [](const char* date, const char* zone) {
    return format_rfc3339(start_of_day(*parse_date(date), zone));
  };
  EXPECT_EQ(start("2024-07-15", "Europe/Berlin"), "2024-07-14T22:00:00.000000Z");
  // Midnight itself is skipped there.
  EXPECT_EQ(start("2018-11-04", "America/Sao_Paulo"), "2018-11-04T03:00:00.000000Z");
  EXPECT_EQ(start("2024-04-26", "Africa/Cairo"), "2024-04-25T22:00:00.000000Z");
}

TEST(Time, instants_have_a_local_day_and_second) {
  const auto at = [](const char* text) { return *parse_rfc3339(text); };
  EXPECT_EQ(format_date(day_in_zone(at("2024-07-14T22:00:00Z"), "Europe/Berlin")), "2024-07-15");
  EXPECT_EQ(format_date(day_in_zone(at("2024-07-14T21:59:59.999999Z"), "Europe/Berlin")),
            "2024-07-14");
  EXPECT_EQ(second_of_day(at("2024-07-14T21:59:59.999999Z"), "Europe/Berlin"), 86'399);
  EXPECT_EQ(second_of_day(at("2050-07-14T22:00:00Z"), "Europe/Berlin"), 0);
  EXPECT_EQ(format_date(day_in_zone(at("1900-01-01T04:00:00Z"), "America/New_York")), "1899-12-31");
}

RC_GTEST_PROP(TimeProperty, local_time_and_back, ()) {
  const std::string zone =
      *rc::gen::element<std::string>("Europe/Berlin", "America/New_York", "Asia/Kathmandu",
                                     "Australia/Lord_Howe", "Pacific/Apia", "UTC");
  const Day day = *rc::gen::inRange<Day>(-20'000, 60'000);
  const auto second = *rc::gen::inRange<std::int64_t>(0, 86'400);
  const Micros instant = from_local(day, second, zone);
  const std::int64_t wall = std::int64_t{day} * 86'400 + second;
  const std::int64_t back =
      std::int64_t{day_in_zone(instant, zone)} * 86'400 + second_of_day(instant, zone);
  // Equal, or the time is in a gap, and then it is the gap's end: one second before, clocks showed
  // an earlier time than the one asked for.
  if (back != wall) {
    RC_ASSERT(back > wall);
    const Micros before = instant - kMicrosPerSecond;
    RC_ASSERT(std::int64_t{day_in_zone(before, zone)} * 86'400 + second_of_day(before, zone) <
              wall);
  }
}

}  // namespace
}  // namespace annals::base
