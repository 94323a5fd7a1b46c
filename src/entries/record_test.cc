#include "entries/record.h"

#include <gtest/gtest.h>
#include <cstdint>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"
#include "base/id.h"
#include "base/json.h"
#include "entries/entries.h"
#include "entries/export.h"
#include "entries/filter.h"
#include "entries/search.h"

namespace annals::entries {
namespace {

base::Id id_of(std::uint8_t last) {
  base::Id id;
  id.bytes[15] = last;
  return id;
}

Record full() {
  Record r;
  r.business = id_of(1);
  r.contact = id_of(2);
  r.id = id_of(3);
  r.version = 2;
  r.type = "payment.taken";
  r.category = "payments";
  r.contact_type = "Beratung";
  r.method = "in_person";
  r.direction = "inbound";
  r.actor = {"staff", id_of(4), "E. Kern"};
  r.recorded_by = {"api_key", id_of(5), "till \"2\""};
  r.occurred_at = 1'462'104'000'000'000;
  r.recorded_at = 1'462'104'000'000'001;
  r.time_zone = "Europe/Berlin";
  r.title = "Größe\t\"x\" \\ \x01";
  r.text = "línea 1\nline 2 \xF0\x9F\x98\x80";
  r.details = R"({"b":1.50,"a":[true,null]})";
  r.changes = {{"due", "null", "\"2016-05-02\""}};
  r.amount = Amount{-9000, "EUR"};
  r.attachments = {{id_of(6), "a.pdf", "application/pdf", 12, "00ff"}};
  r.manual = false;
  r.source = "till";
  r.source_id = "77";
  r.is_private = true;
  r.views = {"financial", "medical"};
  r.about = id_of(7);
  r.task = id_of(8);
  r.reason = "typo";
  return r;
}

TEST(RecordTest, IsCanonicalJson) {
  const std::string text = serialise(full());
  EXPECT_EQ(base::parse_json(text).canonical(), text);
  Record retraction;
  retraction.retraction = true;
  const std::string struck = serialise(retraction);
  EXPECT_EQ(base::parse_json(struck).canonical(), struck);
}

TEST(RecordTest, ComesBackAsItWas) {
  const std::string text = serialise(full());
  EXPECT_EQ(serialise(parse_record(text)), text);
  const Record r = parse_record(text);
  EXPECT_EQ(r.details, full().details) << "numbers stay as they were spelled";
  EXPECT_EQ(r.amount->value, -9000);
  EXPECT_EQ(r.attachments.front().size, 12);
}

TEST(SearchTest, FoldsWordsAndKeepsBusinessesApart) {
  Record r = full();
  const std::string words = index_words(7, r);
  EXPECT_NE(words.find("7:grosse"), std::string::npos);
  EXPECT_NE(words.find("7@" + base::hex(r.contact.bytes)), std::string::npos);
  EXPECT_EQ(match(7, {"grosse", "x"}, {}).text(db::Engine::kSqlite), R"(("7:grosse" AND "7:x" *))");
  EXPECT_EQ(match(7, {"grosse", "x"}, {}).text(db::Engine::kPostgres), "('7:grosse' & '7:x':*)");
  EXPECT_EQ(match(7, {"a"}, {id_of(2)}).text(db::Engine::kSqlite),
            R"(("7@00000000000000000000000000000002" AND "7:a" *))");
}

TEST(SearchTest, QuotesWhatIsAsked) {
  EXPECT_EQ(match(1, {"a\"b"}, {}).text(db::Engine::kSqlite), R"("1:a""b" *)");
  EXPECT_EQ(match(1, {"a'b\\c"}, {}).text(db::Engine::kPostgres), R"('1:a''b\\c':*)");
}

TEST(SearchTest, RefusesWhatHasNoWordAndTooManyWords) {
  EXPECT_THROW(static_cast<void>(search_words("... --- !!!")), base::Error);
  std::string many;
  for (int i = 0; i < 17; ++i) many += "w" + std::to_string(i) + " ";
  EXPECT_THROW(static_cast<void>(search_words(many)), base::Error);
}

TEST(SearchTest, ShowsWhereWordsStand) {
  using Pieces = std::vector<std::string>;
  EXPECT_EQ(highlight("Die Größe ist groß.", {"grosse"}), (Pieces{"Die ", "Größe", " ist groß."}));
  EXPECT_EQ(highlight("Die Größe ist groß.", {"gros"}),
            (Pieces{"Die ", "Größe", " ist ", "groß", "."}));
  EXPECT_EQ(highlight("nothing here", {"grosse"}), Pieces{});
  const std::string late = std::string(5'000, 'x') + " needle " + std::string(5'000, 'y');
  const Pieces pieces = highlight(late, {"needle"});
  ASSERT_EQ(pieces.size(), 3U);
  EXPECT_EQ(pieces[1], "needle");
  EXPECT_LT(pieces[0].size() + pieces[2].size(), 500U);
}

TEST(FilterTest, ReadsDatesInTheBusinessesZone) {
  const Filter filter =
      parse_filter({{"from", "2016-05-01"}, {"to", "2016-06-01T00:00:00Z"}}, "America/Sao_Paulo");
  EXPECT_EQ(filter.from, 1'462'071'600'000'000);
  EXPECT_EQ(filter.to, 1'464'739'200'000'000);
}

TEST(FilterTest, NamesEveryParameterAtFault) {
  try {
    static_cast<void>(parse_filter({{"category", "cats"},
                                    {"from", "May"},
                                    {"staff", "x"},
                                    {"origin", "maybe"},
                                    {"order", "up"},
                                    {"q", "?"}},
                                   "UTC"));
    FAIL() << "accepted";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::kMalformed);
    EXPECT_EQ(error.errors().size(), 6U);
  }
}

TEST(FilterTest, HasALimitOfValues) {
  http::Pairs many;
  for (int i = 0; i < 21; ++i) many.emplace_back("type", "t" + std::to_string(i));
  EXPECT_THROW(static_cast<void>(parse_filter(many, "UTC")), base::Error);
}

TEST(CursorTest, CarriesItsFiltersAndRefusesOthers) {
  const http::Pairs query = {{"type", "call"}, {"q", "a b+c"}};
  const Filter filter = parse_filter(query, "UTC");
  const std::string text = encode_cursor(filter, {123, 45});
  const Cursor alone = decode_cursor(text, {}, "UTC");
  EXPECT_EQ(alone.after.occurred_at, 123);
  EXPECT_EQ(alone.after.pos, 45);
  EXPECT_EQ(alone.filter.types, std::vector<std::string>{"call"});
  EXPECT_EQ(alone.filter.q, "a b+c");
  EXPECT_NO_THROW(
      static_cast<void>(decode_cursor(text, {{"q", "a b+c"}, {"type", "call"}}, "UTC")));
  EXPECT_THROW(static_cast<void>(decode_cursor(text, {{"type", "visit"}}, "UTC")), base::Error);
  for (const char* broken : {"", "!", "MTsy", "MTsxOzI7Y2F0ZWdvcnk9Y2F0cw"}) {
    EXPECT_THROW(static_cast<void>(decode_cursor(broken, {}, "UTC")), base::Error) << broken;
  }
}

TEST(ExportTest, CellsAreQuotedAndNoFormulas) {
  const auto cell = [](std::string_view text) {
    std::string out;
    append_cell(out, text);
    return out;
  };
  EXPECT_EQ(cell("plain"), "plain");
  EXPECT_EQ(cell("a,\"b\"\n"), "\"a,\"\"b\"\"\n\"");
  EXPECT_EQ(cell("=1+1"), "'=1+1");
  EXPECT_EQ(cell("@x,y"), "\"'@x,y\"");
  EXPECT_EQ(cell("-5"), "'-5");
  EXPECT_EQ(cell(""), "");
}

}  // namespace
}  // namespace annals::entries
