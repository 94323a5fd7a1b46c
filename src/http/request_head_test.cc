#include "http/request_head.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/string_type.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/src.hpp>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"
#include "base/random.h"
#include "http/chunked.h"
#include "http/message.h"

namespace annals::http {
namespace {

namespace beast = boost::beast;

/// Scans `text` in pieces that `random` cuts. Nothing: refused, or not whole.
std::optional<std::size_t> scan_in_pieces(std::string_view text, const base::SeededRandom& random) {
  HeadScanner scanner;
  try {
    for (std::size_t size = 0; size <= text.size(); size += 1 + random.below(20)) {
      if (const auto end = scanner.scan(text.substr(0, size))) return end;
    }
    return scanner.scan(text);
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

std::optional<RequestHead> parse(std::string_view text) {
  try {
    return parse_head(text);
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

/// Our reading against Boost.Beast's: whatever we accept, it must understand in the same way.
void expect_same_reading(std::string_view text, const RequestHead& head) {
  beast::http::request_parser<beast::http::empty_body> parser;
  parser.header_limit(64 * 1024);
  beast::error_code error;
  const std::size_t used = parser.put(boost::asio::buffer(text.data(), text.size()), error);
  ASSERT_TRUE(parser.is_header_done()) << error.message() << "\n" << text;
  EXPECT_EQ(used, text.size()) << text;
  const auto& other = parser.get();
  EXPECT_EQ(other.version(), head.http_1_0 ? 10U : 11U) << text;
  if (head.method) {
    EXPECT_EQ(std::string(other.method_string()), name_of(*head.method)) << text;
  }
  EXPECT_EQ(other.chunked(), head.chunked) << text;
  EXPECT_EQ(other.keep_alive(), head.keep_alive) << text;
  const auto length = parser.content_length();
  EXPECT_EQ(length ? std::optional<std::uint64_t>(*length) : std::nullopt, head.content_length);
  ASSERT_EQ(static_cast<std::size_t>(std::distance(other.begin(), other.end())),
            head.headers.size())
      << text;
  std::vector<std::pair<std::string, std::string>> theirs;
  for (const auto& field : other) {
    theirs.emplace_back(base::ascii_lower(std::string(field.name_string())), field.value());
  }
  auto ours = head.headers;
  std::sort(ours.begin(), ours.end());
  std::sort(theirs.begin(), theirs.end());
  EXPECT_EQ(ours, theirs) << text;
}

const std::vector<std::string>& seeds() {
  static const std::vector<std::string> seeds = {
      "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
      ("GET /api/v1/contacts/1?q=a%20b&limit=50 HTTP/1.1\r\nHost: localhost:8080\r\n"
       "Authorization: Bearer abc\r\nAccept: */*\r\nConnection: keep-alive, x\r\n\r\n"),
      ("POST /entries HTTP/1.1\r\nHost: [::1]:80\r\nContent-Length: 12\r\n"
       "Content-Type: application/json\r\n\r\n"),
      ("PUT /a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nExpect: 100-continue\r\n"
       "Cookie: a=b; c=\"d\"\r\nX: \t y \t\r\n\r\n"),
      "OPTIONS * HTTP/1.0\r\nConnection: close\r\n\r\n",
      "DELETE http://x/a/b?c HTTP/1.1\r\nHost: x\r\nEmpty:\r\n\r\n",
  };
  return seeds;
}

/// One small damage of the kind that attackers try.
std::string mutate(std::string text, const base::SeededRandom& random) {
  static const std::vector<std::string> pieces = {"\r\n",        "\n",
                                                  "\r",          " ",
                                                  "\t",          ":",
                                                  ",",           "%2e",
                                                  "/..",         "chunked",
                                                  "\r\n ",       "\xC3\xA9",
                                                  "Host: y\r\n", "Content-Length: 1\r\n",
                                                  "\x0B",        "HTTP/1.1",
                                                  "0",           ";",
                                                  "#",           std::string(1, '\0')};
  const auto at = [&] { return random.below(static_cast<std::uint32_t>(text.size())); };
  switch (random.below(4)) {
    case 0:
      text.insert(at(), pieces[random.below(static_cast<std::uint32_t>(pieces.size()))]);
      break;
    case 1:
      text.erase(at(), 1 + random.below(4));
      break;
    case 2:
      text[at()] = static_cast<char>(random.below(256));
      break;
    default: {
      const std::string slice = text.substr(at(), random.below(30));
      text.insert(at(), slice);
    }
  }
  return text.empty() ? " " : text;
}

TEST(RequestHead, WhatIsAcceptedHasOneReading) {
  const base::SeededRandom random(1);
  int accepted = 0;
  int refused = 0;
  for (const std::string& seed : seeds()) {
    ASSERT_TRUE(parse(seed)) << seed;
    expect_same_reading(seed, *parse(seed));
    for (int i = 0; i < 3'000; ++i) {
      std::string text = seed;
      for (std::uint32_t changes = 1 + random.below(3); changes > 0; --changes) {
        text = mutate(std::move(text), random);
      }
      const auto end = scan_in_pieces(text, random);
      if (!end) continue;
      text.resize(*end);
      const auto head = parse(text);
      ++(head ? accepted : refused);
      if (head) expect_same_reading(text, *head);
      if (HasFailure()) return;
    }
  }
  // Else the mutations prove nothing.
  EXPECT_GT(accepted, 1'000);
  EXPECT_GT(refused, 1'000);
}

TEST(RequestHead, ScanningFindsTheEndHoweverItArrives) {
  const std::string head = seeds()[1];
  for (std::size_t cut = 0; cut <= head.size(); ++cut) {
    HeadScanner scanner;
    EXPECT_EQ(scanner.scan(head.substr(0, cut)).has_value(), cut == head.size());
    EXPECT_EQ(cut == head.size() ? head.size() : scanner.scan(head + "GET"), head.size());
  }
}

TEST(ChunkedReader, ReadsTheSameHoweverItArrives) {
  const base::SeededRandom random(2);
  const std::string whole = "5\r\nhello\r\nA;x=\"y\"\r\n0123456789\r\n0\r\nX-A: b\r\nX-B:\r\n\r\n";
  for (int i = 0; i < 500; ++i) {
    ChunkedReader reader;
    std::string body;
    const std::string input = whole + "GET / HTTP/1.1";
    std::size_t used = 0;
    while (!reader.done()) {
      const std::size_t piece = std::min<std::size_t>(1 + random.below(9), input.size() - used);
      used += reader.read(std::string_view(input).substr(used, piece), body, 15);
    }
    EXPECT_EQ(body, "hello0123456789");
    EXPECT_EQ(used, whole.size());
  }
}

TEST(ChunkedReader, NoDamageGetsPastTheLimit) {
  const base::SeededRandom random(3);
  const std::string whole = "5\r\nhello\r\n3;x=y\r\nabc\r\n0\r\nX-A: b\r\n\r\n";
  int done = 0;
  for (int i = 0; i < 5'000; ++i) {
    ChunkedReader reader;
    std::string body;
    try {
      static_cast<void>(reader.read(mutate(whole, random), body, 20));
      done += reader.done() ? 1 : 0;
    } catch (const base::Error&) {
      EXPECT_FALSE(reader.done());
    }
    EXPECT_LE(body.size(), 20U);
  }
  EXPECT_GT(done, 100);
}

}  // namespace
}  // namespace annals::http
