#include "base/text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstddef>
#include <ios>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/encoding.h"

namespace annals::base {
namespace {

TEST(Text, words_are_folded) {
  struct Row {
    const char* text;
    const char* words;
  };
  const std::vector<Row> rows = {
      {"", ""},
      {" \t\n.,;!?", ""},
      {"Größe", "grosse"},
      {"GROSSE", "grosse"},
      {"GRÖẞE", "grosse"},
      {"Ørsted", "orsted"},
      {"Čekanavičius Žąsinas", "cekanavicius zasinas"},
      {"Citroën œuvre ÆON", "citroen oeuvre aeon"},
      {"o\u0308ffnen", "offnen"},
      {"ﬁn", "fin"},
      {"İstanbul ıI", "istanbul ii"},
      {"ʟondon", "london"},
      {"Αθήνα ΑΘΗΝΑ ΌΔΟΣ", "αθηνα αθηνα οδοσ"},
      {"ёлка Ёлка", "елка елка"},
      {"Be\u00ADhand\u00ADlung", "behandlung"},
      {"Ｆｕｌｌ　ｗｉｄｔｈ１２", "full width12"},
      {"م\u064Fح\u064Eم\u0651د", "محمد"},
  };
  for (const Row& row : rows) EXPECT_EQ(folded(row.text), row.words) << row.text;
}

TEST(Text, parts_of_addresses_and_compounds_are_words) {
  struct Row {
    const char* text;
    const char* words;
  };
  const std::vector<Row> rows = {
      {"anna.berg@example.com", "anna berg example com"},
      {"don't", "don t"},
      {"l'école l’école", "l ecole l ecole"},
      {"3.14 1,200.50", "3 14 1 200 50"},
      {"invoice_2024-07", "invoice 2024 07"},
      {"x-ray", "x ray"},
      {"A1b2", "a1b2"},
      {"⅓", "1 3"},
      {"col·legi", "col legi"},
      {"C:\\path/file.txt", "c path file txt"},
  };
  for (const Row& row : rows) EXPECT_EQ(folded(row.text), row.words) << row.text;
}

TEST(Text, dictionaries_part_what_has_no_spaces) {
  EXPECT_EQ(folded("今天天气很好"), "今天 天气 很好");
  EXPECT_EQ(folded("東京都に住んでいます"), "東京 都 に 住 んで い ます");
  EXPECT_EQ(folded("สวัสดีชาวโลก"), "สวัสดี ชาว โลก");
}

TEST(Text, places_are_bytes_of_the_original) {
  const std::string text = "Ørsted’s café, 東京都 – Be\u00ADhandlung";
  std::vector<std::string> found;
  for (const Token& token : analyse(text)) {
    found.push_back(text.substr(token.begin, token.end - token.begin));
  }
  EXPECT_EQ(found,
            (std::vector<std::string>{"Ørsted", "s", "café", "東京", "都", "Be\u00ADhandlung"}));
}

TEST(Text, long_words_are_cut_at_a_code_point) {
  EXPECT_EQ(folded(std::string(100, 'A')), std::string(64, 'a'));
  std::string cyrillic = "a";
  for (int i = 0; i < 50; ++i) cyrillic += "ж";
  EXPECT_EQ(folded(cyrillic).size(), 63U);
  EXPECT_TRUE(is_utf8(folded(cyrillic)));
  const auto tokens = analyse(std::string(100, 'A'));
  ASSERT_EQ(tokens.size(), 1U);
  EXPECT_EQ(tokens[0].end, 100U);
}

std::string utf8(char32_t c) {
  std::string out;
  const auto byte = [&](char32_t value) { out += static_cast<char>(value); };
  if (c < 0x80) {
    byte(c);
  } else if (c < 0x800) {
    byte(0xC0U | (c >> 6U));
    byte(0x80U | (c & 0x3FU));
  } else if (c < 0x10000) {
    byte(0xE0U | (c >> 12U));
    byte(0x80U | ((c >> 6U) & 0x3FU));
    byte(0x80U | (c & 0x3FU));
  } else {
    byte(0xF0U | (c >> 18U));
    byte(0x80U | ((c >> 12U) & 0x3FU));
    byte(0x80U | ((c >> 6U) & 0x3FU));
    byte(0x80U | (c & 0x3FU));
  }
  return out;
}

rc::Gen<std::string> texts_of(rc::Gen<char32_t> code_points) {
  return rc::gen::map(rc::gen::container<std::vector<char32_t>>(std::move(code_points)),
                      [](const std::vector<char32_t>& text) {
                        std::string out;
                        for (const char32_t c : text) out += utf8(c);
                        return out;
                      });
}

RC_GTEST_PROP(TextProperty, the_short_way_for_ascii_equals_icu, ()) {
  const auto text = *texts_of(rc::gen::inRange<char32_t>(0, 0x80));
  RC_ASSERT(analyse(text) == internal::analyse_by_icu(text));
}

RC_GTEST_PROP(TextProperty, the_short_way_for_latin_equals_icu, ()) {
  const auto text = *texts_of(rc::gen::weightedOneOf<char32_t>({
      {6, rc::gen::inRange<char32_t>(0x20, 0x7F)},
      {4, rc::gen::inRange<char32_t>(0xC0, 0x250)},
      {1, rc::gen::element<char32_t>(0xA0, 0xAB, 0xBB)},
      {2, rc::gen::inRange<char32_t>(0x2010, 0x2027)},
  }));
  RC_ASSERT(analyse(text) == internal::analyse_by_icu(text));
}

RC_GTEST_PROP(TextProperty, any_text_gives_valid_ordered_words, ()) {
  const auto text = *texts_of(rc::gen::weightedOneOf<char32_t>({
      {3, rc::gen::inRange<char32_t>(0, 0x800)},
      {3, rc::gen::inRange<char32_t>(0x800, 0xD800)},
      {1, rc::gen::inRange<char32_t>(0xE000, 0x10000)},
      {1, rc::gen::inRange<char32_t>(0x10000, 0x110000)},
  }));
  std::size_t end = 0;
  std::size_t begin = 0;
  for (const Token& token : analyse(text)) {
    RC_ASSERT(!token.word.empty());
    RC_ASSERT(token.word.size() <= kWordBytesMax);
    RC_ASSERT(is_utf8(token.word));
    RC_ASSERT(token.begin < token.end && token.end <= text.size());
    RC_ASSERT(token.begin >= end || (token.begin == begin && token.end == end));
    RC_ASSERT(is_utf8(std::string_view(text).substr(token.begin, token.end - token.begin)));
    begin = token.begin;
    end = token.end;
  }
}

TEST(Text, every_latin_letter_equals_icu_alone_and_among_letters) {
  for (char32_t c = 0; c < 0x250; ++c) {
    for (const std::string& text : {utf8(c), "a" + utf8(c) + "b1", "1" + utf8(c) + " z"}) {
      EXPECT_EQ(analyse(text), internal::analyse_by_icu(text)) << std::hex << std::size_t{c};
    }
  }
}

TEST(Text, bytes_that_are_no_utf8_do_no_harm) {
  for (const char* text : {"\xff", "a\xc3", "\xe6\x9d", "\xed\xa0\x80", "\xf8\x88\x80\x80\x80"}) {
    EXPECT_LE(analyse(text).size(), 1U);
  }
}

TEST(Text, is_safe_from_many_threads) {
  std::vector<std::string> results(4);
  std::vector<std::thread> threads;
  threads.reserve(results.size());
  for (std::string& result : results) {
    threads.emplace_back([&result] {
      for (int i = 0; i < 50; ++i) result = folded("Größe 東京都 Привет");
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& result : results) EXPECT_EQ(result, "grosse 東京 都 привет");
}

}  // namespace
}  // namespace annals::base
