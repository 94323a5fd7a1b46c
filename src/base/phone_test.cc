#include "base/phone.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace annals::base {
namespace {

TEST(Phone, numbers_become_e164) {
  struct Row {
    const char* raw;
    const char* country;
    const char* e164;  // empty: none
  };
  const std::vector<Row> rows = {
      {"0171 1234567", "DE", "+491711234567"},
      {"(0171) 123-45.67", "DE", "+491711234567"},
      {"+49 171 1234567", "", "+491711234567"},
      {"+49 171 1234567", "LT", "+491711234567"},
      {"00370 600 12345", "DE", "+37060012345"},
      {"8 600 12345", "LT", "+37060012345"},
      {"06 12345678", "NL", "+31612345678"},
      {"01 23 45 67 89", "FR", "+33123456789"},
      {"(201) 555-0123", "US", "+12015550123"},
      {"+1 201 555 0123 ext. 5", "", "+12015550123"},
      {"0171 1234567", "", ""},
      {"0171 1234567", "XX", ""},
      {"12", "DE", ""},
      {"", "DE", ""},
      {"no number", "DE", ""},
      {"+999 12345678", "", ""},
      {"+49 1234567890123456789", "", ""},
      {"\xff\xfe", "DE", ""},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(phone_e164(row.raw, row.country).value_or(""), row.e164) << row.raw;
  }
}

TEST(Phone, zones_have_a_country) {
  EXPECT_EQ(country_of_zone("Europe/Berlin"), "DE");
  EXPECT_EQ(country_of_zone("Europe/Oslo"), "NO");
  EXPECT_EQ(country_of_zone("Europe/Vilnius"), "LT");
  EXPECT_EQ(country_of_zone("America/Sao_Paulo"), "BR");
  EXPECT_EQ(country_of_zone("Asia/Calcutta"), "IN");
  EXPECT_EQ(country_of_zone("UTC"), "");
  EXPECT_EQ(country_of_zone("Etc/GMT+3"), "");
  EXPECT_EQ(country_of_zone("Antarctica/Troll"), "");
  EXPECT_EQ(country_of_zone("Nowhere/Land"), "");
  EXPECT_EQ(country_of_zone(""), "");
}

TEST(Phone, countries_are_known) {
  EXPECT_TRUE(is_country("DE"));
  EXPECT_FALSE(is_country("de"));
  EXPECT_FALSE(is_country("ZZ"));
  EXPECT_FALSE(is_country("001"));
  EXPECT_FALSE(is_country(""));
}

TEST(Phone, is_safe_from_many_threads) {
  std::vector<std::string> results(4);
  std::vector<std::thread> threads;
  threads.reserve(results.size());
  for (std::string& result : results) {
    threads.emplace_back([&result] {
      for (int i = 0; i < 50; ++i) result = phone_e164("0171 1234567", "DE").value_or("");
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& result : results) EXPECT_EQ(result, "+491711234567");
}

}  // namespace
}  // namespace annals::base
