#include "transfer/csv.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"
#include "base/limits.h"
#include "transfer/input.h"

namespace annals::transfer {
namespace {

using Table = std::vector<std::vector<std::string>>;

struct Reading {
  Table rows;
  std::vector<std::int64_t> lines;
  std::vector<CsvFault> faults;
};

Reading read_all(const std::string& text, CsvFormat format = {}) {
  const auto input = text_input(text);
  CsvReader reader(*input, format);
  Reading reading;
  CsvRow row;
  while (reader.next(row)) {
    reading.lines.push_back(row.line);
    if (row.fault) reading.faults.push_back(*row.fault);
    reading.rows.push_back(row.cells);
  }
  return reading;
}

struct Case {
  const char* name;
  std::string text;
  Table rows;
};

class CsvTable : public testing::TestWithParam<Case> {};

TEST_P(CsvTable, ReadsWithoutFault) {
  const Reading reading = read_all(GetParam().text);
  EXPECT_EQ(reading.rows, GetParam().rows);
  EXPECT_TRUE(reading.faults.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Rfc4180, CsvTable,
    testing::Values(
        Case{"Empty", "", {}}, Case{"OneCell", "a", {{"a"}}},
        Case{"LineFeed", "a,b\nc,d\n", {{"a", "b"}, {"c", "d"}}},
        Case{"CarriageReturn", "a,b\r\nc,d\r\n", {{"a", "b"}, {"c", "d"}}},
        Case{"NoLastLineEnd", "a,b\nc,d", {{"a", "b"}, {"c", "d"}}},
        Case{"EmptyCells", ",\n,,\n", {{"", ""}, {"", "", ""}}},
        Case{"LastCellEmpty", "a,", {{"a", ""}}},
        Case{"EmptyLines", "\n\r\na\n\n\nb\n\n", {{"a"}, {"b"}}},
        Case{"Quoted", "\"a,b\",\"c\"\"d\",\"e\nf\"\r\n", {{"a,b", "c\"d", "e\nf"}}},
        Case{"QuotedEmpty", "\"\"\n\"\",\"\"", {{""}, {"", ""}}},
        Case{"QuotedAtTheEnd", "a,\"b\"", {{"a", "b"}}},
        Case{"QuoteInside", "5\" pipe,x\n", {{"5\" pipe", "x"}}},
        Case{"ReturnInside", "a\rb,c\n", {{"a\rb", "c"}}},
        Case{"ByteOrderMark", "\xEF\xBB\xBFid,name\n1,x\n", {{"id", "name"}, {"1", "x"}}},
        Case{"MarkBeforeQuote", "\xEF\xBB\xBF\"id\"\n", {{"id"}}},
        Case{"Spaces", " a , b \n", {{" a ", " b "}}}),
    [](const auto& instance) { return instance.param.name; });

TEST(Csv, OtherDelimiterAndQuote) {
  EXPECT_EQ(read_all("a;'b;c'\n", {';', '\''}).rows, (Table{{"a", "b;c"}}));
  EXPECT_EQ(read_all("a\tb\n", {'\t', '"'}).rows, (Table{{"a", "b"}}));
}

TEST(Csv, CountsLinesInsideQuotesAndEmptyOnes) {
  EXPECT_EQ(read_all("a\n\n\"b\nb\"\nc\n").lines, (std::vector<std::int64_t>{1, 3, 5}));
}

TEST(Csv, UnterminatedQuoteIsAFaultOfItsLineAlone) {
  const Reading reading = read_all("a,b\n1,\"x\n2,y\n3,z\n");
  ASSERT_EQ(reading.faults.size(), 1U);
  EXPECT_EQ(reading.faults[0].line, 2);
  EXPECT_EQ(reading.faults[0].column, 3);
  EXPECT_EQ(reading.faults[0].message, "the quote that opens here is never closed");
  EXPECT_EQ(reading.rows, (Table{{"a", "b"}, {"1,\"x"}, {"2", "y"}, {"3", "z"}}));
  EXPECT_EQ(reading.lines, (std::vector<std::int64_t>{1, 2, 3, 4}));
}

TEST(Csv, TextAfterAClosingQuoteIsAFault) {
  const Reading reading = read_all("\"a\"b,c\r\nd,e\n");
  ASSERT_EQ(reading.faults.size(), 1U);
  EXPECT_EQ(reading.faults[0].line, 1);
  EXPECT_EQ(reading.faults[0].column, 4);
  EXPECT_EQ(reading.rows, (Table{{"\"a\"b,c"}, {"d", "e"}}));
}

TEST(Csv, NulIsAFault) {
  const Reading reading = read_all(std::string("a,b\0c\nd\n", 8));
  ASSERT_EQ(reading.faults.size(), 1U);
  EXPECT_EQ(reading.faults[0].column, 4);
  EXPECT_EQ(reading.rows.back(), (std::vector<std::string>{"d"}));
}

TEST(Csv, LimitsHoldAndReadingGoesOn) {
  using base::limits::kImportCellBytesMax;
  using base::limits::kImportRowBytesMax;
  for (const std::string& bad :
       {std::string(kImportCellBytesMax + 1, 'x'), std::string(3 * kImportRowBytesMax, 'x'),
        std::string(2000, ','), "\"" + std::string(3 * kImportRowBytesMax, 'x'),
        "\"" + std::string(kImportCellBytesMax + 1, 'x') + "\""}) {
    const Reading reading = read_all("a\n" + bad + "\nb,c\n");
    ASSERT_EQ(reading.faults.size(), 1U) << bad.size();
    EXPECT_EQ(reading.faults[0].line, 2);
    ASSERT_EQ(reading.rows.size(), 3U);
    EXPECT_EQ(reading.rows[2], (std::vector<std::string>{"b", "c"}));
    EXPECT_EQ(reading.lines[2], 3);
  }
}

TEST(Csv, CellAtTheLimitIsRead) {
  const std::string cell(base::limits::kImportCellBytesMax, 'x');
  EXPECT_EQ(read_all(cell + "\n" + "\"" + cell + "\"\n").rows, (Table{{cell}, {cell}}));
}

RC_GTEST_PROP(Csv, ReadsWhatItWrites, ()) {
  // Letters that matter to the format come up often.
  const auto cell = rc::gen::container<std::string>(
      rc::gen::element('a', 'b', ',', ';', '"', '\'', '\n', '\r', ' ', '\t'));
  const auto table = *rc::gen::container<Table>(
      rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(cell)));
  const CsvFormat format{*rc::gen::element(',', ';', '\t'), *rc::gen::element('"', '\'')};
  std::string text;
  for (const auto& row : table) append_csv_row(text, row, format);
  const Reading reading = read_all(text, format);
  RC_ASSERT(reading.faults.empty());
  RC_ASSERT(reading.rows == table);
}

RC_GTEST_PROP(Csv, AnyBytesAreReadToTheEndAndNoLineIsLost, ()) {
  const auto text = *rc::gen::container<std::string>(
      rc::gen::element('a', ',', '"', '\n', '\r', '\0', '\xC3', '\xBF'));
  const Reading reading = read_all(text);
  std::int64_t before = 0;
  for (const std::int64_t line : reading.lines) {
    RC_ASSERT(line > before);
    before = line;
  }
  std::size_t letters = 0;
  for (const auto& row : reading.rows) {
    for (const auto& cell : row)
      letters += static_cast<std::size_t>(std::count(cell.begin(), cell.end(), 'a'));
  }
  RC_ASSERT(letters == static_cast<std::size_t>(std::count(text.begin(), text.end(), 'a')));
}

TEST(CsvEncoding, CodePages) {
  EXPECT_EQ(decode("Gr\xF6\xDF"
                   "e \x80 5",
                   Encoding::kWindows1252),
            "Größe € 5");
  EXPECT_EQ(decode("Gr\xF6\xDF"
                   "e",
                   Encoding::kLatin1),
            "Größe");
  EXPECT_EQ(decode("\x81", Encoding::kWindows1252), std::nullopt);
  EXPECT_EQ(decode("Gr\xF6\xDF"
                   "e",
                   Encoding::kUtf8),
            std::nullopt);
  EXPECT_EQ(decode("Größe", Encoding::kUtf8), "Größe");
  EXPECT_EQ(encode("Größe € 語", Encoding::kWindows1252),
            "Gr\xF6\xDF"
            "e \x80 ?");
  EXPECT_EQ(encoding_named("Windows-1252"), Encoding::kWindows1252);
  EXPECT_EQ(encoding_named("utf-16"), std::nullopt);
}

RC_GTEST_PROP(CsvEncoding, Latin1RoundTrip, (const std::string& bytes)) {
  const auto text = decode(bytes, Encoding::kLatin1);
  RC_ASSERT(text.has_value());
  RC_ASSERT(encode(*text, Encoding::kLatin1) == bytes);
}

std::string gzip(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  base::Bytes in(text.begin(), text.end());
  base::Bytes out(text.size() + 1024);
  stream.next_in = in.data();
  stream.avail_in = static_cast<unsigned>(in.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<unsigned>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return std::string(base::as_text(out));
}

TEST(Gzip, OneMemberOrSeveral) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i) + ",x\n";
  EXPECT_EQ(read_all(gzip(text)).rows.size(), 100'000U);
  EXPECT_EQ(read_all(gzip("a\n") + gzip("b\n") + std::string(100, '\0')).rows,
            (Table{{"a"}, {"b"}}));
}

TEST(Gzip, DamagedOrCutOffIsAnError) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i * 7919) + "\n";
  const std::string packed = gzip(text);
  EXPECT_THROW((void)read_all(packed.substr(0, packed.size() / 2)), base::Error);
  EXPECT_THROW((void)read_all(packed.substr(0, packed.size() - 4)), base::Error);
  std::string damaged = packed;
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 0x55);
  EXPECT_THROW((void)read_all(damaged), base::Error);
  EXPECT_THROW((void)read_all(packed + "rubbish"), base::Error);
}

TEST(OpenInput, NamesWhatIsMissing) {
  try {
    (void)open_input("/nonexistent/x.csv");
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::kNotFound);
    EXPECT_NE(error.message().find("/nonexistent/x.csv"), std::string::npos);
  }
  EXPECT_THROW((void)open_input("/tmp"), base::Error);
}

}  // namespace
}  // namespace annals::transfer
