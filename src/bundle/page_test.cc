#include "bundle/page.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"
#include "base/hash.h"
#include "base/json.h"
#include "bundle/format.h"
#include "bundle/test_bundle.h"

namespace annals::bundle {
namespace {

std::string page_of(const std::vector<std::string>& records, State state = State::kShown) {
  const TestLedger ledger;
  std::string text;
  Page page([&](std::string_view piece) { text += piece; });
  Manifest manifest{.business = test_id(1),
                    .business_name = "Studio <Nord>",
                    .made_at = "2026-03-02T08:30:00.000000Z",
                    .made_by = "Ina & \"co\"",
                    .asked = {},
                    .contacts = {{test_id(4), "Anna", test_id(2), 6}},
                    .files = {}};
  page.begin(manifest, ledger.checkpoint(3));
  Row row = ledger.rows[0];
  row.state = state;
  for (const std::string& record : records) {
    page.row(row, record.empty() ? base::Json() : base::parse_json(record));
  }
  page.end(manifest, {{.size = 3, .time = 1'750'000'000'000'000}});
  return text;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(Page, is_the_same_for_the_same_bundle_or_of_another_version) {
  const TestLedger ledger(0, true);
  std::vector<std::string> records;
  records.reserve(ledger.rows.size());
  for (const Row& row : ledger.rows) records.push_back(row.record);
  const std::string text = page_of(records) + page_of({""}, State::kWithheld);
  // Where this differs, kPageVersion has to be another: programs that are out there compare.
  EXPECT_EQ(kPageVersion, 3);
  EXPECT_EQ(base::hex(base::sha256({base::as_bytes(text)})),
            "fe389251e4f3b33e7d07a38fed6c5eee0c483e020afb313b8089034a3b283740");
}

TEST(Page, text_is_text) {
  const std::string text =
      page_of({R"({"title":"<script>&\"'","text":"<img src=x>","details":"{\"a\":\"<b>\"}",
    "id":"<i>","changes":[{"field":"<f>","old":"<o>","new":"<n>"}],"reason":"<r>","type":"<t>"})"});
  EXPECT_TRUE(has(text, "<h2 dir=\"auto\">&lt;script&gt;&amp;&quot;'</h2>"));
  for (const char* part :
       {"<script", "<img", "<b>", "<i>", "<f>", "<o>", "<n>", "<r>", "<t>", "Studio <Nord>"}) {
    EXPECT_FALSE(has(text, part)) << part;
  }
}

TEST(Page, amounts_have_the_digits_of_their_currency) {
  const auto amount = [](const std::string& value, const std::string& currency) {
    return page_of({R"({"amount":{"value":)" + value + R"(,"currency":")" + currency + "\"}}"});
  };
  EXPECT_TRUE(has(amount("4200", "EUR"), "<dd>42.00 EUR</dd>"));
  EXPECT_TRUE(has(amount("5", "EUR"), "<dd>0.05 EUR</dd>"));
  EXPECT_TRUE(has(amount("-5", "EUR"), "<dd>-0.05 EUR</dd>"));
  EXPECT_TRUE(has(amount("4200", "JPY"), "<dd>4200 JPY</dd>"));
  EXPECT_TRUE(has(amount("4200", "KWD"), "<dd>4.200 KWD</dd>"));
  EXPECT_TRUE(has(amount("-9223372036854775808", "EUR"), "<dd>-92233720368547758.08 EUR</dd>"));
}

TEST(Page, times_are_in_utc) {
  const auto time = [](const std::string& micros) {
    return page_of({R"({"occurred_at":)" + micros + "}"});
  };
  EXPECT_TRUE(has(time("0"), "<dd>1970-01-01 00:00:00 UTC</dd>"));
  EXPECT_TRUE(has(time("-1"), "<dd>1969-12-31 23:59:59 UTC</dd>"));
  EXPECT_TRUE(has(time("1456835696999999"), "<dd>2016-03-01 12:34:56 UTC</dd>"));
  EXPECT_TRUE(has(time("9223372036854775807"), "<dd>9223372036854775807 µs after 1970</dd>"));
  EXPECT_TRUE(has(time("-9223372036854775808"), "<dd>-9223372036854775808 µs after 1970</dd>"));
}

TEST(Page, whoever_acted_is_named_as_the_record_says) {
  const std::string text = page_of(
      {R"({"actor":{"kind":"staff","name":"Ina"},"recorded_by":{"kind":"api_key","id":"7"}})"});
  EXPECT_TRUE(has(text, "<dt>by</dt><dd>Ina (staff)</dd>"));
  EXPECT_TRUE(has(text, "<dt>recorded by</dt><dd>7 (api_key)</dd>"));
  EXPECT_FALSE(has(page_of({R"({"actor":{"kind":"none"}})"}), "<dt>by</dt>"));
}

TEST(Page, a_record_that_is_not_as_ours_are_does_no_harm) {
  for (const char* record :
       {"[]", "7", "\"x\"", R"({"actor":7,"amount":[],"changes":{},"attachments":"x","title":{}})",
        R"({"changes":[7],"attachments":[7,{"id":7,"name":7}]})"}) {
    EXPECT_TRUE(page_of({record}).ends_with("</html>\n")) << record;
  }
}

}  // namespace
}  // namespace annals::bundle
