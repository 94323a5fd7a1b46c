#include "transfer/mapping.h"
#include "transfer/value_rule.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/time.h"
#include "entries/entries.h"
#include "transfer/csv.h"
#include "transfer/mapping_text.h"
#include "transfer/transfer.h"
#include "transfer/value_rule.h"

namespace annals::transfer {
namespace {

constexpr const char* kContact = "[contact]\nsource = \"s\"\nexternal_id = \"{id}\"\n";

Mapping compile(const std::string& text, std::vector<std::string> columns) {
  const Value value = parse_mapping_text(text, "m.toml");
  return Mapping::compile(value, file_format(value), std::move(columns), "Europe/Berlin");
}

RowPlan plan(const Mapping& mapping, std::vector<std::string> cells) {
  return mapping.plan({.line = 2, .cells = std::move(cells), .fault = {}});
}

std::string mapping_error(const std::string& text) {
  try {
    (void)compile(text, {"id", "Name", "n"});
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::kInvalid);
    return error.message();
  }
  return "no error";
}

struct BadMapping {
  const char* name;
  std::string text;
  std::string begins;  // file, line, column and key of the message
};

class MappingError : public testing::TestWithParam<BadMapping> {};

TEST_P(MappingError, NamesLineColumnAndKey) {
  const std::string message = mapping_error(GetParam().text);
  EXPECT_EQ(message.substr(0, GetParam().begins.size()), GetParam().begins) << message;
}

std::string with_entry(const std::string& lines) {
  return std::string(kContact) + "[[entries]]\ntype = \"note\"\n" + lines;
}
const std::string kWhen =
    "occurred_at = { column = \"n\" }\nsource = \"s\"\nsource_id = \"{id}\"\n";

INSTANTIATE_TEST_SUITE_P(
    Places, MappingError,
    testing::Values(
        BadMapping{"Toml", "[contact]\nsource = \n", "m.toml:2:10: "},
        BadMapping{"DuplicateKey", "[contact]\nsource = \"a\"\nsource = \"b\"\n", "m.toml:3:"},
        BadMapping{"NoContact", "[file]\n", "m.toml:1:1: contact: is missing"},
        BadMapping{"UnknownTable", std::string(kContact) + "[entry]\n", "m.toml:4:2: entry: "},
        BadMapping{"UnknownKey", std::string(kContact) + "given = \"x\"\n",
                   "m.toml:4:1: contact.given: "},
        BadMapping{"WrongKind", "[contact]\nsource = 1\nexternal_id = \"{id}\"\n",
                   "m.toml:2:1: contact.source: must be a string"},
        BadMapping{"UnknownColumn", "[contact]\nsource = \"s\"\nexternal_id = \"{Id}\"\n",
                   "m.toml:3:1: contact.external_id: the file has no column \"Id\"; it has \"id\""},
        BadMapping{"OpenBrace", "[contact]\nsource = \"s\"\nexternal_id = \"{id\"\n",
                   "m.toml:3:1: contact.external_id: a { is not closed"},
        BadMapping{"CloseBrace", "[contact]\nsource = \"s\"\nexternal_id = \"id}\"\n",
                   "m.toml:3:1: contact.external_id: a } closes nothing"},
        BadMapping{"UnknownLookup", "[contact]\nsource = \"s\"\nexternal_id = \"{id:x}\"\n",
                   "m.toml:3:1: contact.external_id: there is no table [lookups.x]"},
        BadMapping{"Zone", "[defaults]\ntime_zone = \"Mars/Base\"\n" + std::string(kContact),
                   "m.toml:2:1: defaults.time_zone: "},
        BadMapping{"Encoding", "[file]\nencoding = \"ebcdic\"\n", "m.toml:2:1: file.encoding: "},
        BadMapping{"Delimiter", "[file]\ndelimiter = \"--\"\n", "m.toml:2:1: file.delimiter: "},
        BadMapping{"NoOccurredAt", with_entry("source = \"s\"\nsource_id = \"{id}\"\n"),
                   "m.toml:4:1: entries[0].occurred_at: is missing"},
        BadMapping{"Format",
                   with_entry("source_id = \"{id}\"\noccurred_at = { column = \"n\", format = "
                              "\"%Q\" }\n"),
                   "m.toml:7:31: entries[0].occurred_at.format: "},
        BadMapping{"UnknownTime", with_entry("occurred_at = \"day\"\n"),
                   "m.toml:6:1: entries[0].occurred_at: there is no table [times.day]"},
        BadMapping{"FixedSourceId",
                   with_entry("occurred_at = { column = \"n\" }\nsource = \"s\"\nsource_id = "
                              "\"x\"\n"),
                   "m.toml:8:1: entries[0].source_id: is the same for every row"},
        BadMapping{"WhenColumn", with_entry(kWhen + "when = { column = \"x\", equals = \"1\" }\n"),
                   "m.toml:9:10: entries[0].when.column: "},
        BadMapping{"WhenTest", with_entry(kWhen + "when = { column = \"n\", is = \"1\" }\n"),
                   "m.toml:9:24: entries[0].when.is: "},
        BadMapping{"WhenTwoTests",
                   with_entry(kWhen + "when = { column = \"n\", equals = \"1\", empty = true }\n"),
                   "m.toml:9:"},
        BadMapping{"WhenPattern",
                   with_entry(kWhen + "when = { column = \"n\", matches = \"(\" }\n"),
                   "m.toml:9:24: entries[0].when.matches: "},
        BadMapping{"DetailsAs",
                   with_entry(kWhen + "[entries.details]\nx = { column = \"n\", as = \"date\" }\n"),
                   "m.toml:10:21: entries[0].details.x.as: "},
        BadMapping{"Actor", with_entry(kWhen + "actor = { kind = \"robot\" }\n"),
                   "m.toml:9:11: entries[0].actor.kind: "}),
    [](const auto& instance) { return instance.param.name; });

TEST(MappingFormat, ReadsTheFilesTable) {
  const FileFormat format = file_format(parse_mapping_text(
      "[file]\ndelimiter = \"\\t\"\nquote = \"'\"\nencoding = \"cp1252\"\nheader = false\n"
      "columns = [\"a\", \"b\"]\ntrim = true\n",
      "m.toml"));
  EXPECT_EQ(format.csv.delimiter, '\t');
  EXPECT_EQ(format.csv.quote, '\'');
  EXPECT_EQ(format.encoding, Encoding::kWindows1252);
  EXPECT_FALSE(format.header);
  EXPECT_TRUE(format.trim);
  EXPECT_EQ(format.columns, (std::vector<std::string>{"a", "b"}));
}

struct TimeCase {
  const char* name;
  const char* rule;
  const char* cell;
  const char* instant;  // empty: the row is rejected
};

class Times : public testing::TestWithParam<TimeCase> {};

TEST_P(Times, AreReadAndShifted) {
  const Mapping mapping =
      compile(with_entry("source_id = \"{id}\"\nsource = \"s\"\noccurred_at = { column = \"n\", " +
                         std::string(GetParam().rule) + " }\n"),
              {"id", "n"});
  const RowPlan row = plan(mapping, {"1", GetParam().cell});
  if (std::string(GetParam().instant).empty()) {
    EXPECT_TRUE(row.rejected.has_value()) << base::format_rfc3339(*row.drafts.at(0).occurred_at);
    return;
  }
  ASSERT_FALSE(row.rejected.has_value()) << *row.rejected;
  EXPECT_EQ(base::format_rfc3339(*row.drafts.at(0).occurred_at), GetParam().instant);
}

INSTANTIATE_TEST_SUITE_P(
    Forms, Times,
    testing::Values(
        TimeCase{"Rfc3339", "format = \"rfc3339\"", "2016-05-02T12:30:00+02:00",
                 "2016-05-02T10:30:00.000000Z"},
        TimeCase{"Rfc3339Bad", "format = \"rfc3339\"", "2016-05-02", ""},
        TimeCase{"Date", "format = \"date\"", "2016-05-02", "2016-05-01T22:00:00.000000Z"},
        TimeCase{"German", "format = \"%d.%m.%Y %H:%M\"", "2.5.2016 9:05",
                 "2016-05-02T07:05:00.000000Z"},
        TimeCase{"American", "format = \"%m/%d/%y %I:%M %p\", zone = \"America/New_York\"",
                 "12/31/99 12:15 AM", "1999-12-31T05:15:00.000000Z"},
        TimeCase{"Noon", "format = \"%I %p\", zone = \"UTC\"", "12 pm",
                 "1970-01-01T12:00:00.000000Z"},
        TimeCase{"Month", "format = \"%d %b %Y\"", "02 May 2016", "2016-05-01T22:00:00.000000Z"},
        TimeCase{"MonthWhole", "format = \"%b %d, %Y\"", "january 5, 2016",
                 "2016-01-04T23:00:00.000000Z"},
        TimeCase{"Compact", "format = \"%Y%m%d%H%M%S\", zone = \"UTC\"", "20160502070809",
                 "2016-05-02T07:08:09.000000Z"},
        TimeCase{"Offset", "format = \"%Y-%m-%d %H:%M:%S%z\"", "2016-05-02 12:00:00-0300",
                 "2016-05-02T15:00:00.000000Z"},
        TimeCase{"Fraction", "format = \"%H:%M:%S.%f\", zone = \"UTC\"", "01:02:03.25",
                 "1970-01-01T01:02:03.250000Z"},
        TimeCase{"Literal", "format = \"%Y-%m-%dT00:00:00Z\"", "2016-05-02T00:00:00Z",
                 "2016-05-01T22:00:00.000000Z"},
        TimeCase{"LiteralBad", "format = \"%Y-%m-%dT00:00:00Z\"", "2016-05-02T01:00:00Z", ""},
        TimeCase{"Unix", "format = \"unix\"", "1462185000", "2016-05-02T10:30:00.000000Z"},
        TimeCase{"UnixBefore", "format = \"unix\"", "-1", "1969-12-31T23:59:59.000000Z"},
        TimeCase{"UnixMillis", "format = \"unix_ms\"", "1462185000500",
                 "2016-05-02T10:30:00.500000Z"},
        TimeCase{"UnixHuge", "format = \"unix\"", "99999999999999", ""},
        TimeCase{"Dmy", "format = \"dmy\"", " 2.5.2016 ", "2016-05-01T22:00:00.000000Z"},
        TimeCase{"DmyClock", "format = \"dmy\"", "02/05/16, 9.05", "2016-05-02T07:05:00.000000Z"},
        TimeCase{"DmySpaced", "format = \"dmy\"", "2. 5. 2016 9:05:07",
                 "2016-05-02T07:05:07.000000Z"},
        TimeCase{"DmyInstant", "format = \"dmy\"", "2016-05-02T12:30:00+02:00",
                 "2016-05-02T10:30:00.000000Z"},
        TimeCase{"DmyOtherOrder", "format = \"dmy\"", "12/24/2016", ""},
        TimeCase{"MdyAfternoon", "format = \"mdy\"", "5/2/2016 3:30 pm",
                 "2016-05-02T13:30:00.000000Z"},
        TimeCase{"MdyNoSuchHour", "format = \"mdy\"", "5/2/2016 13:30 pm", ""},
        TimeCase{"Ymd", "format = \"ymd\"", "2016-5-2 12:30:00.5", "2016-05-02T10:30:00.500000Z"},
        TimeCase{"YmdOffset", "format = \"ymd\"", "2016-05-02 12:30+01:00",
                 "2016-05-02T11:30:00.000000Z"},
        TimeCase{"YmdShortYear", "format = \"ymd\"", "16-05-02", ""},
        TimeCase{"YmdMore", "format = \"ymd\"", "2016-05-02 at noon", ""},
        TimeCase{"NoSuchDay", "format = \"date\"", "2016-02-30", ""},
        TimeCase{"Empty", "format = \"date\"", "", ""},
        TimeCase{"More", "format = \"date\"", "2016-05-02x", ""},
        TimeCase{"At", "format = \"date\", at = \"23:59:59\", zone = \"America/Sao_Paulo\"",
                 "2016-05-02", "2016-05-03T02:59:59.000000Z"},
        TimeCase{"DayBeforeAtNoon",
                 "format = \"date\", at = \"12:00\", shift_days = -1, zone = \"America/Sao_Paulo\"",
                 "2016-05-02", "2016-05-01T15:00:00.000000Z"},
        TimeCase{"ShiftKeepsTheClockOverSummerTime", "format = \"%Y-%m-%d %H:%M\", shift_days = 1",
                 "2016-03-26 12:00", "2016-03-27T10:00:00.000000Z"},
        TimeCase{"ShiftOfAnInstant", "format = \"rfc3339\", shift_days = -1",
                 "2016-03-27T10:00:00Z", "2016-03-26T11:00:00.000000Z"},
        TimeCase{"ShiftMinutes", "format = \"rfc3339\", shift_minutes = -90",
                 "2016-03-27T10:00:00Z", "2016-03-27T08:30:00.000000Z"}),
    [](const auto& instance) { return instance.param.name; });

struct WhenCase {
  const char* name;
  const char* when;
  const char* cell;
  bool holds;
};

class When : public testing::TestWithParam<WhenCase> {};

TEST_P(When, Holds) {
  const Mapping mapping =
      compile(with_entry("occurred_at = { column = \"t\" }\nsource = \"s\"\nsource_id = \"{id}\"\n"
                         "when = " +
                         std::string(GetParam().when) + "\n"),
              {"id", "n", "t"});
  const RowPlan row = plan(mapping, {"1", GetParam().cell, "2016-05-02T00:00:00Z"});
  ASSERT_FALSE(row.rejected.has_value()) << *row.rejected;
  EXPECT_EQ(row.drafts.size(), GetParam().holds ? 1U : 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Tests, When,
    testing::Values(
        WhenCase{"Equals", R"({ column = "n", equals = "1" })", "1", true},
        WhenCase{"EqualsNumber", R"({ column = "n", equals = 1 })", "1", true},
        WhenCase{"EqualsNot", R"({ column = "n", equals = "1" })", "01", false},
        WhenCase{"NotEquals", R"({ column = "n", not_equals = "1" })", "2", true},
        WhenCase{"In", R"({ column = "n", in = ["a", "b"] })", "b", true},
        WhenCase{"InNot", R"({ column = "n", in = ["a", "b"] })", "c", false},
        WhenCase{"NotIn", R"({ column = "n", not_in = ["a", "b"] })", "c", true},
        WhenCase{"Empty", R"({ column = "n", empty = true })", " ", true},
        WhenCase{"NotEmpty", R"({ column = "n", not_empty = true })", "x", true},
        WhenCase{"EmptyFalse", R"({ column = "n", empty = false })", "x", true},
        WhenCase{"Matches", R"({ column = "n", matches = "^A[0-9]+$" })", "A12", true},
        WhenCase{"MatchesNot", R"({ column = "n", matches = "^A[0-9]+$" })", "B12", false},
        WhenCase{"MatchesLetters", R"({ column = "n", matches = "^\\p{L}+$" })", "Größe", true},
        WhenCase{"Less", R"({ column = "n", less_than = 0 })", "-1", true},
        WhenCase{"LessNot", R"({ column = "n", less_than = 0 })", "0", false},
        WhenCase{"LessOfText", R"({ column = "n", less_than = 0 })", "x", false},
        WhenCase{"AtLeast", R"({ column = "n", at_least = "1.5" })", "1.5", true},
        WhenCase{"AtMost", R"({ column = "n", at_most = 2 })", "2.1", false},
        WhenCase{"Greater", R"({ column = "n", greater_than = 2 })", "2.1", true},
        WhenCase{"All", R"([{ column = "n", not_equals = "1" }, { column = "n", equals = "2" }])",
                 "2", true},
        WhenCase{"AllNot", R"([{ column = "n", equals = "2" }, { column = "id", equals = "2" }])",
                 "2", false},
        WhenCase{"Any",
                 R"({ any = [{ column = "n", equals = "2" }, { column = "id", equals = "9" }] })",
                 "2", true},
        WhenCase{"Before", R"({ time = { column = "n" }, before = { column = "t" } })",
                 "2016-05-01T23:00:00Z", true},
        WhenCase{"DayBeforeInZone", R"({ time = { column = "n" }, day_before = { column = "t" } })",
                 "2016-05-01T22:30:00Z", false},
        WhenCase{"DayAfter", R"({ time = { column = "n" }, day_after = { column = "t" } })",
                 "2016-05-03T00:00:00Z", true}),
    [](const auto& instance) { return instance.param.name; });

TEST(Condition, ARegularExpressionThatExplodesRejectsTheRow) {
  const Mapping mapping =
      compile(with_entry("occurred_at = { column = \"t\" }\nsource = \"s\"\nsource_id = \"{id}\"\n"
                         "when = { column = \"n\", matches = \"^(a+)+$\" }\n"),
              {"id", "n", "t"});
  const RowPlan row = plan(mapping, {"1", std::string(60, 'a') + "b", "2016-05-02T00:00:00Z"});
  ASSERT_TRUE(row.rejected.has_value());
  EXPECT_EQ(row.rejected->substr(0, 2), "n:");
}

constexpr const char* kWhole = R"(
[defaults]
source = "shop"
[lookups.gender]
F = "female"
M = "male"
"*" = ""
[times.booked]
column = "When"
format = "%d.%m.%Y"
[contact]
external_id = "{Id}"
given_name = "{First}"
family_name = "{Last}"
client_number = "C-{Id}"
language = "de"
birthday = { column = "Born", format = "%d.%m.%Y" }
emails = [ "{Mail}", { address = "{Mail2}", label = "work" } ]
phones = [ { number = "{Phone}", label = "mobile" } ]
tags = [ "imported", "{Tag}" ]
[contact.attributes]
gender = "{Sex:gender}"
height = { column = "Height", as = "integer" }
[[skip]]
when = { column = "Tag", equals = "test" }
reason = "a test client"
[[reject]]
when = { column = "Tag", equals = "bad" }
reason = "{First} is bad"
[[warn]]
when = { column = "Height", less_than = 0 }
reason = "height {Height} is below zero"
[[entries]]
type = "payment.taken"
occurred_at = { time = "booked", at = "18:00" }
source_id = "{Id}/paid"
title = "Paid {Total} {{cash}}"
method = "in_person"
actor = { kind = "staff", name = "{Staff}" }
amount = { value = "{Total}", currency = "EUR", decimal = ",", group = "." }
views = [ "financial" ]
private = true
[entries.details]
plain = "{Height}"
number = { column = "Height", as = "integer" }
fixed = 7
flag = true
day = { time = "booked", as = "date" }
list = { column = "List", as = "list", separator = "|" }
nested = { mail = "{Mail}", nothing = "{Mail2}" }
)";

Mapping whole() {
  return compile(kWhole, {"Id", "First", "Last", "Born", "Mail", "Mail2", "Phone", "Tag", "Sex",
                          "Height", "When", "Total", "Staff", "List"});
}

std::vector<std::string> whole_row() {
  return {"9E-5", "Ana", "Ñandú", "01.02.1980", "a@x.example", "",    "0171 1",
          "vip",  "F",   "-170",  "2.5.2016",   "1.234,50",    "Kim", "a | b|"};
}

TEST(Plan, MakesTheContact) {
  const RowPlan row = plan(whole(), whole_row());
  ASSERT_FALSE(row.rejected.has_value()) << *row.rejected;
  ASSERT_TRUE(row.selector.uid.has_value());
  EXPECT_EQ(row.selector.uid->first, "shop");
  EXPECT_EQ(row.selector.uid->second, "9E-5");
  EXPECT_EQ(row.create->dump(),
            R"({"kind":"person","given_name":"Ana","family_name":"Ñandú","client_number":"C-9E-5",)"
            R"("language":"de","birthday":"1980-02-01","emails":[{"address":"a@x.example"}],)"
            R"("phones":[{"number":"0171 1","label":"mobile"}],"tags":["imported","vip"],)"
            R"("attributes":{"gender":"female","height":-170}})");
}

TEST(Plan, MakesTheEntry) {
  const RowPlan row = plan(whole(), whole_row());
  ASSERT_EQ(row.drafts.size(), 1U);
  const entries::Draft& draft = row.drafts[0];
  EXPECT_EQ(draft.type, "payment.taken");
  EXPECT_EQ(base::format_rfc3339(*draft.occurred_at), "2016-05-02T16:00:00.000000Z");
  EXPECT_EQ(draft.time_zone, "Europe/Berlin");
  EXPECT_EQ(draft.source, "shop");
  EXPECT_EQ(draft.source_id, "9E-5/paid");
  EXPECT_EQ(draft.title, "Paid 1.234,50 {cash}");
  EXPECT_EQ(draft.amount->value, 123450);
  EXPECT_EQ(draft.amount->currency, "EUR");
  EXPECT_EQ(draft.actor->name, "Kim");
  EXPECT_TRUE(draft.is_private);
  EXPECT_EQ(draft.views, (std::vector<std::string>{"financial"}));
  EXPECT_EQ(draft.details, R"({"day":"2016-05-02","fixed":7,"flag":true,"list":["a","b"],)"
                           R"("nested":{"mail":"a@x.example"},"number":-170,"plain":"-170"})");
  EXPECT_EQ(row.warnings, (std::vector<std::string>{"height -170 is below zero"}));
}

TEST(Plan, TheSameRowMakesTheSameCanonicalDraftAndAnotherRowAnother) {
  const Mapping mapping = whole();
  auto other = whole_row();
  other[11] = "1";
  EXPECT_EQ(plan(mapping, whole_row()).drafts.at(0).canonical,
            plan(mapping, whole_row()).drafts.at(0).canonical);
  EXPECT_NE(plan(mapping, whole_row()).drafts.at(0).canonical,
            plan(mapping, other).drafts.at(0).canonical);
}

TEST(Plan, SkipsAndRejectsByRule) {
  auto cells = whole_row();
  cells[7] = "test";
  EXPECT_EQ(plan(whole(), cells).skipped, "a test client");
  cells[7] = "bad";
  EXPECT_EQ(plan(whole(), cells).rejected, "row: Ana is bad");
}

TEST(Plan, RejectsARowWhoseCellsAreWrong) {
  const Mapping mapping = whole();
  const auto rejected = [&](std::size_t cell, const std::string& text) {
    auto cells = whole_row();
    cells[cell] = text;
    return plan(mapping, cells).rejected.value_or("accepted");
  };
  EXPECT_EQ(rejected(0, ""),
            "contact.external_id: is empty for this row, so there is no contact "
            "to find");
  EXPECT_EQ(rejected(3, "1980-02-01"), "Born: \"1980-02-01\" is no time of the form %d.%m.%Y");
  EXPECT_EQ(rejected(9, "tall"), "Height: \"tall\" is no whole number");
  EXPECT_EQ(rejected(10, ""), "When: is empty, and a time is to be read from it");
  EXPECT_EQ(rejected(11, "1.234,505"),
            "amount: \"1.234,505\" is no amount of EUR as the mapping spells them");
  EXPECT_EQ(rejected(1, "\xFF"), "First: is not text in the encoding that the mapping states");
  EXPECT_EQ(plan(mapping, {"1", "2"}).rejected,
            "line 2: the row has 2 cells, and the file 14 columns");
  // A staff member that the row does not name is nobody.
  auto cells = whole_row();
  cells[12] = "";
  EXPECT_FALSE(plan(mapping, cells).drafts.at(0).actor.has_value());
}

TEST(Plan, SaysForProgramsWhatIsWrongWithARow) {
  const auto faults = [](std::size_t cell, const std::string& text) {
    auto cells = whole_row();
    cells[cell] = text;
    std::string out;
    for (const ImportFault& fault : plan(whole(), cells).faults) {
      out += fault.field + " " + fault.code + " [" + fault.value + "]";
    }
    return out;
  };
  EXPECT_EQ(faults(0, "7"), "");
  EXPECT_EQ(faults(0, ""), "contact.external_id required []");
  EXPECT_EQ(faults(3, "1980-02-01"), "Born time [1980-02-01]");
  EXPECT_EQ(faults(9, "tall"), "Height integer [tall]");
  EXPECT_EQ(faults(11, "1.234,505"), "amount number [1.234,505]");
  EXPECT_EQ(faults(1, "\xFF"), "First encoding []");
}

TEST(MappingTimes, MayBePutTogether) {
  const Mapping mapping =
      compile(with_entry("source_id = \"{id}\"\nsource = \"s\"\n"
                         "occurred_at = { text = \"{day} {clock}\", format = \"dmy\" }\n"),
              {"id", "day", "clock"});
  EXPECT_EQ(
      base::format_rfc3339(*plan(mapping, {"1", "2.5.2016", "9:05"}).drafts.at(0).occurred_at),
      "2016-05-02T07:05:00.000000Z");
  EXPECT_EQ(base::format_rfc3339(*plan(mapping, {"1", "2.5.2016", ""}).drafts.at(0).occurred_at),
            "2016-05-01T22:00:00.000000Z");
  EXPECT_TRUE(plan(mapping, {"1", "", ""}).rejected.has_value());
}

TEST(MappingKeys, AreTheRowsOwnWhereThereIsNoColumnOfIds) {
  const auto fresh = [] {
    return compile(
        with_entry("source = \"s\"\noccurred_at = { column = \"n\", format = \"date\" }\n"
                   "[[entries]]\ntype = \"visit\"\nsource = \"s\"\n"
                   "occurred_at = { column = \"n\", format = \"date\" }\n"),
        {"id", "x", "n"});
  };
  const auto keys = [](const Mapping& mapping, const std::vector<std::string>& cells) {
    const RowPlan row = plan(mapping, cells);
    return std::pair(*row.drafts.at(0).source_id, *row.drafts.at(1).source_id);
  };
  const Mapping mapping = fresh();
  const auto first = keys(mapping, {"1", "2", "2016-05-02"});
  EXPECT_NE(first.first, first.second);
  const auto second = keys(mapping, {"1", "2", "2016-05-02"});
  EXPECT_EQ(second.first, first.first + "/2");
  EXPECT_NE(second.first, second.second);
  EXPECT_EQ(keys(mapping, {"1", "2", "2016-05-02"}).first, first.first + "/3");
  const auto other = keys(mapping, {"12", "", "2016-05-02"});
  EXPECT_NE(other, first) << "the same letters in other cells";
  const Mapping again = fresh();
  EXPECT_EQ(keys(again, {"1", "2", "2016-05-02"}), first);
  EXPECT_EQ(keys(again, {"1", "2", "2016-05-02"}), second);
}

TEST(MappingColumns, AreToldApart) {
  EXPECT_EQ(told_apart({"Name", "", "Name", "{x}"}),
            (std::vector<std::string>{"Name (1)", "column 2", "Name (2)", "(x)"}));
}

TEST(MappingMoney, MayHaveItsCurrencyBeside) {
  EXPECT_EQ(without_currency(" 1.234,50 €", "EUR"), "1.234,50");
  EXPECT_EQ(without_currency("€\u00a090", "EUR"), "90");
  EXPECT_EQ(without_currency("EUR 90", "EUR"), "90");
  EXPECT_EQ(without_currency("−5 kr", "SEK"), "-5");
  EXPECT_EQ(without_currency("-$5", "USD"), "-5");
  EXPECT_EQ(without_currency("90 USD", "EUR"), "90 USD")
      << "another currency stays, and is refused";
  EXPECT_EQ(without_currency("90", "ZZZ"), "90");
}

TEST(MappingJson, SaysTheSameAsToml) {
  const base::Json json = base::parse_json(
      R"({"contact":{"find_by":"client_number","client_number":"{id}","name":"{n}","create":true},)"
      R"("entries":[],"defaults":null})");
  const Mapping mapping =
      Mapping::compile(mapping_of_json(json, "mapping"), {}, {"id", "n"}, "UTC");
  const RowPlan row = plan(mapping, {" K-1 ", " Anna Maria Größe "});
  EXPECT_EQ(row.selector.client_number, "K-1");
  EXPECT_EQ(row.create->find("given_name")->text(), "Anna Maria");
  EXPECT_EQ(row.create->find("family_name")->text(), "Größe");
  EXPECT_FALSE(row.rejected.has_value()) << *row.rejected;
}

TEST(MappingJson, NamesTheKeyAtFault) {
  for (const auto& [text, field] : std::vector<std::pair<std::string, std::string>>{
           {R"({"contact":{"external_id":"{no}","source":"s"}})", "mapping.contact.external_id"},
           {R"({"contact":{"external_id":"{id}","source":"s"},"entries":[{"type":1.5}]})",
            "mapping.entries[0].type"},
           {R"({"contact":{"external_id":"{id}","source":"s"},"entries":[{"type":"note","x":1}]})",
            "mapping.entries[0].occurred_at"},
           {R"([])", "mapping"}}) {
    try {
      (void)Mapping::compile(mapping_of_json(base::parse_json(text), "mapping"), {}, {"id"}, "UTC");
      ADD_FAILURE() << text;
    } catch (const base::Error& error) {
      EXPECT_EQ(error.errors().at(0).field, field) << error.message();
    }
  }
}

}  // namespace
}  // namespace annals::transfer
