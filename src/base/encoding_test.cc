#include "base/encoding.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace annals::base {
namespace {

TEST(Encoding, base64_equals_the_vectors_of_rfc_4648) {
  struct Row {
    const char* plain;
    const char* base64;
    const char* base64url;
    const char* hex;
  };
  const std::vector<Row> rows = {
      {"", "", "", ""},
      {"f", "Zg==", "Zg", "66"},
      {"fo", "Zm8=", "Zm8", "666f"},
      {"foo", "Zm9v", "Zm9v", "666f6f"},
      {"foob", "Zm9vYg==", "Zm9vYg", "666f6f62"},
      {"fooba", "Zm9vYmE=", "Zm9vYmE", "666f6f6261"},
      {"foobar", "Zm9vYmFy", "Zm9vYmFy", "666f6f626172"},
      {"\xfb\xff", "+/8=", "-_8", "fbff"},
  };
  for (const Row& row : rows) {
    const ByteSpan plain = as_bytes(row.plain);
    EXPECT_EQ(base64(plain), row.base64);
    EXPECT_EQ(base64url(plain), row.base64url);
    EXPECT_EQ(hex(plain), row.hex);
    EXPECT_EQ(as_text(*from_base64(row.base64)), row.plain);
    EXPECT_EQ(as_text(*from_base64url(row.base64url)), row.plain);
    EXPECT_EQ(as_text(*from_hex(row.hex)), row.plain);
  }
  EXPECT_EQ(as_text(*from_hex("666F")), "fo");
}

TEST(Encoding, broken_base64_and_hex_are_refused) {
  for (const char* text : {"Zg", "Zg=", "Zg===", "Z===", "Zm9v\n", " Zm9v", "Zm-v",
                           "Zh==", "Zm9vYg=", "Zm9v=", "====", "Zé=="}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
  for (const char* text : {"Zg==", "Z", "Zm+v", "Zh", "Zm9v ", "Zm9v="}) {
    EXPECT_FALSE(from_base64url(text)) << text;
  }
  EXPECT_FALSE(from_base64(std::string_view("Zm9v\0", 5)));
  EXPECT_FALSE(from_base64("\xFFm9v"));
  EXPECT_FALSE(from_base64url("\xFFm9v"));
  for (const char* text : {"6", "6g", "0x66", "66 "}) EXPECT_FALSE(from_hex(text)) << text;
}

RC_GTEST_PROP(EncodingProperty, bytes_come_back, (const std::vector<std::uint8_t>& bytes)) {
  RC_ASSERT(from_base64(base64(bytes)) == bytes);
  RC_ASSERT(from_base64url(base64url(bytes)) == bytes);
  RC_ASSERT(from_hex(hex(bytes)) == bytes);
  const std::string text(as_text(bytes));
  RC_ASSERT(percent_decode(percent_encode(text), false) == text);
  RC_ASSERT(percent_decode(percent_encode(text), true) == text);
}

TEST(Encoding, percent_escapes) {
  EXPECT_EQ(percent_encode("a b&c=ü~-._"), "a%20b%26c%3D%C3%BC~-._");
  EXPECT_EQ(percent_decode("a+b%20c%C3%bc", true), "a b cü");
  EXPECT_EQ(percent_decode("a+b", false), "a+b");
  for (const char* text : {"%", "%2", "a%", "a%2", "%zz", "%2x"}) {
    EXPECT_FALSE(percent_decode(text, false)) << text;
  }
  EXPECT_EQ(percent_decode("%00", false), std::string(1, '\0'));
}

TEST(Encoding, utf8_is_what_rfc_3629_says) {
  for (const char* text : {"", "abc", "ü", "東", "😀", "\xef\xbf\xbd", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_utf8(text)) << text;
  }
  // Also behind and before eight bytes that are looked at together.
  const std::string ascii(8, 'a');
  EXPECT_TRUE(is_utf8(ascii + "東" + ascii));
  EXPECT_FALSE(is_utf8(ascii + "\x80" + ascii));
  EXPECT_FALSE(is_utf8(ascii + "\xe6\x9d"));
  EXPECT_FALSE(is_utf8("\xe6\x9d" + ascii));
  for (const char* text : {"\x80", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
                           "\xf4\x90\x80\x80", "\xf0\x8f\xbf\xbf", "\xc1\xbf", "\xe0\x9f\xbf",
                           "\xf0\x9f\x98", "\xff", "a\xc3z", "\xf8\x88\x80\x80\x80"}) {
    EXPECT_FALSE(is_utf8(text)) << text;
  }
}

TEST(Encoding, lengths_trims_and_lower_case) {
  EXPECT_EQ(code_points(""), 0U);
  EXPECT_EQ(code_points("aü東😀"), 4U);
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim(" \n "), "");
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(ascii_lower("AZaz[@Ü"), "azaz[@Ü");
}

}  // namespace
}  // namespace annals::base
