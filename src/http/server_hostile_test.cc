// What the reader refuses, each with its defined answer: a 400 (or as said) problem document, and
// then the connection is closed, since nobody can tell where a next request would begin.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "http/message.h"
#include "http/router.h"
#include "http/server.h"
#include "http/test_client.h"

namespace annals::http {
namespace {

constexpr std::string_view kSmuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";

class HostileTest : public testing::Test {
 protected:
  HostileTest() : server_(options(), router()) { server_.start(); }

  static ServerOptions options() {
    ServerOptions options;
    options.port = 0;
    return options;
  }

  static Router router() {
    Router router;
    for (const Method method : {Method::kGet, Method::kPost}) {
      router.add({method, "/echo/{text}", [](const Request& request) {
                    return Response::json(200, request.parameter("text") + request.body);
                  }});
    }
    router.add({Method::kGet, "/", [](const Request&) { return Response::json(200, "root"); }});
    return router;
  }

  void expect_works() {
    RawClient client(server_.port());
    EXPECT_EQ(client.ask("GET /echo/well HTTP/1.1\r\nHost: x\r\n\r\n").body, "well");
  }

  Server server_;
};

struct Case {
  const char* what;
  std::string bytes;
  int status;
  const char* field;  // that the problem document names; null: none
};

std::string get(std::string_view target) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: x\r\n\r\n";
}
std::string with_header(std::string_view line) {
  return "GET /echo/a HTTP/1.1\r\nHost: x\r\n" + std::string(line) + "\r\n\r\n";
}
std::string post(std::string_view headers, std::string_view rest = "") {
  return "POST /echo/a HTTP/1.1\r\nHost: x\r\n" + std::string(headers) + "\r\n\r\n" +
         std::string(rest);
}
std::string chunks(std::string_view rest) { return post("Transfer-Encoding: chunked", rest); }

std::vector<Case> framing_cases() {
  const std::string zero(1, '\0');
  return {
      {"two lengths", post("Content-Length: 5\r\nContent-Length: 6", "hello"), 400,
       "content-length"},
      {"two equal lengths", post("Content-Length: 5\r\nContent-Length: 5", "hello"), 400,
       "content-length"},
      {"list of lengths", post("Content-Length: 5, 5", "hello"), 400, "content-length"},
      {"signed length", post("Content-Length: +5", "hello"), 400, "content-length"},
      {"negative length", post("Content-Length: -1"), 400, "content-length"},
      {"hex length", post("Content-Length: 0x5", "hello"), 400, "content-length"},
      {"length with blank inside", post("Content-Length: 1 0"), 400, "content-length"},
      {"empty length", post("Content-Length:"), 400, "content-length"},
      {"length over 64 bits", post("Content-Length: 18446744073709551616"), 400, "content-length"},
      {"length over the limit", post("Content-Length: 18446744073709551615"), 413, "body"},
      {"coding and length", post("Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
       400, "transfer-encoding"},
      {"length and coding", post("Transfer-Encoding: chunked\r\nContent-Length: 5", "0\r\n\r\n"),
       400, "transfer-encoding"},
      {"gzip, chunked", post("Transfer-Encoding: gzip, chunked", "0\r\n\r\n"), 400,
       "transfer-encoding"},
      {"chunked, identity", post("Transfer-Encoding: chunked, identity", "0\r\n\r\n"), 400,
       "transfer-encoding"},
      {"identity", post("Transfer-Encoding: identity"), 400, "transfer-encoding"},
      {"xchunked", post("Transfer-Encoding: xchunked", "0\r\n\r\n"), 400, "transfer-encoding"},
      {"quoted chunked", post("Transfer-Encoding: \"chunked\"", "0\r\n\r\n"), 400,
       "transfer-encoding"},
      {"chunked with VT",
       post("Transfer-Encoding: \x0B"
            "chunked",
            "0\r\n\r\n"),
       400, "transfer-encoding"},
      {"empty coding", post("Transfer-Encoding:", "0\r\n\r\n"), 400, "transfer-encoding"},
      {"coding twice",
       post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "0\r\n\r\n"), 400,
       "transfer-encoding"},
      {"chunked on HTTP/1.0",
       "POST /echo/a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
       "transfer-encoding"},
      {"blank before the colon", with_header("Content-Length : 0"), 400, "header"},
      {"tab before the colon", with_header("Transfer-Encoding\t: chunked"), 400, "header"},
      {"folded value", with_header("X-A: b\r\n c"), 400, "header"},
      {"folded with tab", with_header("X-A: b\r\n\tc"), 400, "header"},
      {"blank before the first field", "GET /echo/a HTTP/1.1\r\n Host: x\r\n\r\n", 400, "header"},
      {"bare LF after the request line", "GET /echo/a HTTP/1.1\nHost: x\r\n\r\n", 400, "header"},
      {"bare LF after a field", "GET /echo/a HTTP/1.1\r\nHost: x\n\r\n", 400, "header"},
      {"bare LF at the end", "GET /echo/a HTTP/1.1\r\nHost: x\r\n\n", 400, "header"},
      {"LF first", "\nGET /echo/a HTTP/1.1\r\nHost: x\r\n\r\n", 400, "header"},
      {"bare CR in a value", with_header("X-A: b\rContent-Length: 9"), 400, "x-a"},
      {"CR CR LF", with_header("X-A: b\r"), 400, "x-a"},
      {"zero byte in a value", with_header("X-A: b" + zero + "c"), 400, "x-a"},
      {"zero byte in the target", get("/echo/a" + zero), 400, "target"},
      {"control in a value", with_header("X-A: b\x01"), 400, "x-a"},
      {"invalid UTF-8 in a value", with_header("X-A: \xC3\x28"), 400, "x-a"},
      {"empty name", with_header(": b"), 400, "header"},
      {"no colon", with_header("nonsense"), 400, "header"},
      {"bracket in a name", with_header("X[0]: b"), 400, "header"},
      {"non-ASCII name", with_header("X-\xC3\xA9: b"), 400, "header"},
      {"unknown expectation", with_header("Expect: 200-ok"), 400, "expect"},
      {"connection that is no list of names", with_header("Connection: close x"), 400,
       "connection"},
      {"two authorizations", with_header("Authorization: a\r\nAuthorization: b"), 400,
       "authorization"},
      {"two origins", with_header("Origin: a\r\nOrigin: b"), 400, "origin"},
  };
}

std::vector<Case> host_and_target_cases() {
  return {
      {"no host", "GET /echo/a HTTP/1.1\r\n\r\n", 400, "host"},
      {"empty host", "GET /echo/a HTTP/1.1\r\nHost:\r\n\r\n", 400, "host"},
      {"two hosts", with_header("Host: y"), 400, "host"},
      {"list of hosts", "GET /echo/a HTTP/1.1\r\nHost: x y\r\n\r\n", 400, "host"},
      {"host with a path", "GET /echo/a HTTP/1.1\r\nHost: x/y\r\n\r\n", 400, "host"},
      {"host with a user", "GET /echo/a HTTP/1.1\r\nHost: u@x\r\n\r\n", 400, "host"},
      {"absolute target of another host", get("http://y/echo/a"), 400, "host"},
      {"absolute target with a user", get("http://u@x/echo/a"), 400, "host"},
      {"absolute target without a Host", "GET http://x/echo/a HTTP/1.0\r\n\r\n", 400, "host"},
      {"other scheme", get("ftp://x/echo/a"), 400, "target"},
      {"authority form", "CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n", 400, "target"},
      {"authority form of GET", get("x:80"), 400, "target"},
      {"star for GET", get("*"), 400, "target"},
      {"relative path", get("echo/a"), 400, "target"},
      {"fragment", get("/echo/a#b"), 400, "target"},
      {"fragment in the query", get("/echo/a?b#c"), 400, "query"},
      {"broken escape", get("/echo/%4"), 400, "target"},
      {"escape of no digits", get("/echo/%zz"), 400, "target"},
      {"broken escape in the query", get("/echo/a?b=%"), 400, "query"},
      {"escaped zero byte", get("/echo/%00"), 400, "target"},
      {"escaped line end", get("/echo/%0d%0a"), 400, "target"},
      {"escaped DEL", get("/echo/%7F"), 400, "target"},
      {"escaped zero byte in the query", get("/echo/a?b=%00"), 400, "query"},
      {"invalid UTF-8", get("/echo/%C3%28"), 400, "target"},
      {"overlong UTF-8", get("/echo/%C0%AF"), 400, "target"},
      {"surrogate", get("/echo/%ED%A0%80"), 400, "target"},
      {"invalid UTF-8 in the query", get("/echo/a?b=%FF"), 400, "query"},
      {"raw non-ASCII", get("/echo/\xC3\xA9"), 400, "target"},
      {"raw non-ASCII in the query", get("/echo/a?b=\xC3\xA9"), 400, "query"},
      {"dot segment", get("/echo/./a"), 400, "target"},
      {"dot segments", get("/echo/../echo/a"), 400, "target"},
      {"dot segments at the end", get("/echo/.."), 400, "target"},
      {"escaped dot segments", get("/echo/%2e%2E/a"), 400, "target"},
      {"half escaped dot segments", get("/echo/.%2e/a"), 400, "target"},
      {"escaped slash", get("/echo/a%2fb"), 400, "target"},
      {"backslash", get("/echo/a\\b"), 400, "target"},
      {"escaped backslash", get("/echo/a%5Cb"), 400, "target"},
      {"quote in the path", get("/echo/a\"b"), 400, "target"},
  };
}

std::vector<Case> request_line_cases() {
  return {
      {"no target", "GET HTTP/1.1\r\nHost: x\r\n\r\n", 400, "request_line"},
      {"no version", "GET /echo/a\r\nHost: x\r\n\r\n", 400, "request_line"},
      {"HTTP/0.9", "GET /echo/a\r\n\r\n", 400, "request_line"},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "request_line"},
      {"HTTP/1.2", "GET /echo/a HTTP/1.2\r\nHost: x\r\n\r\n", 400, "request_line"},
      {"lower-case version", "GET /echo/a http/1.1\r\nHost: x\r\n\r\n", 400, "request_line"},
      {"two blanks", "GET  /echo/a HTTP/1.1\r\nHost: x\r\n\r\n", 400, "target"},
      {"blank in the target", "GET /echo/a b HTTP/1.1\r\nHost: x\r\n\r\n", 400, "target"},
      {"tab for a blank", "GET\t/echo/a\tHTTP/1.1\r\nHost: x\r\n\r\n", 400, "request_line"},
      {"blank at the end", "GET /echo/a HTTP/1.1 \r\nHost: x\r\n\r\n", 400, "request_line"},
      {"blank first", " GET /echo/a HTTP/1.1\r\nHost: x\r\n\r\n", 400, "request_line"},
      {"method of no token", "G@T /echo/a HTTP/1.1\r\nHost: x\r\n\r\n", 400, "request_line"},
      {"two empty lines first", "\r\n\r\nGET /echo/a HTTP/1.1\r\nHost: x\r\n\r\n", 400,
       "request_line"},
      {"a TLS greeting", std::string("\x16\x03\x01\x00\n\x01", 6), 400, "header"},
  };
}

std::vector<Case> chunk_cases() {
  return {
      {"no size", chunks("\r\nhello\r\n0\r\n\r\n"), 400, "body"},
      {"size of no digits", chunks("x\r\nhello\r\n0\r\n\r\n"), 400, "body"},
      {"prefixed size", chunks("0x5\r\nhello\r\n0\r\n\r\n"), 400, "body"},
      {"signed size", chunks("+5\r\nhello\r\n0\r\n\r\n"), 400, "body"},
      {"blank before the size", chunks(" 5\r\nhello\r\n0\r\n\r\n"), 400, "body"},
      {"blank after the size", chunks("5 \r\nhello\r\n0\r\n\r\n"), 400, "body"},
      {"size of many digits", chunks("000000005\r\nhello\r\n0\r\n\r\n"), 400, "body"},
      {"huge size", chunks("FFFFFFFF\r\nhello"), 413, "body"},
      {"bare LF after the size", chunks("5\nhello\r\n0\r\n\r\n"), 400, "body"},
      {"bare CR after the size", chunks("5\rhello\r\n0\r\n\r\n"), 400, "body"},
      {"bare LF in an extension", chunks("5;a\nhello\r\n0\r\n\r\n"), 400, "body"},
      {"bare CR in an extension", chunks("5;a\rb\r\nhello\r\n0\r\n\r\n"), 400, "body"},
      {"long extension", chunks("5;" + std::string(5000, 'a')), 400, "body"},
      {"chunk longer than its size", chunks("4\r\nhello\r\n0\r\n\r\n"), 400, "body"},
      {"chunk shorter than its size", chunks("6\r\nhello\r\n0\r\n\r\n"), 400, "body"},
      {"bare LF after a chunk", chunks("5\r\nhello\n0\r\n\r\n"), 400, "body"},
      {"trailer of no name", chunks("0\r\n: a\r\n\r\n"), 400, "body"},
      {"trailer with a blank before the colon", chunks("0\r\nX-A : a\r\n\r\n"), 400, "body"},
      {"trailer that is folded", chunks("0\r\nX-A: a\r\n b\r\n\r\n"), 400, "body"},
      {"bare LF in a trailer", chunks("0\r\nX-A: a\n\r\n"), 400, "body"},
      {"bare LF at the end", chunks("0\r\n\n"), 400, "body"},
      {"long trailer", chunks("0\r\nX-A: " + std::string(5000, 'a')), 400, "body"},
  };
}

TEST_F(HostileTest, EachCaseHasItsAnswer) {
  for (const auto& cases :
       {framing_cases(), host_and_target_cases(), request_line_cases(), chunk_cases()}) {
    for (const Case& c : cases) {
      RawClient client(server_.port());
      client.send(c.bytes);
      client.send(kSmuggled);  // must never be answered
      const RawReply reply = client.reply();
      EXPECT_EQ(reply.status, c.status) << c.what;
      EXPECT_TRUE(reply.complete) << c.what;
      EXPECT_EQ(reply.header("content-type"), "application/problem+json") << c.what;
      EXPECT_EQ(reply.header("connection"), "close") << c.what;
      if (reply.status != 0) {
        const base::Json body = base::parse_json(reply.body);
        ASSERT_EQ(body.find("errors")->items().size(), 1U) << c.what;
        EXPECT_EQ(body.find("errors")->items().front().find("field")->text(), c.field) << c.what;
      }
      client.end_sending();
      EXPECT_TRUE(client.closed()) << c.what;
    }
  }
  expect_works();
}

TEST_F(HostileTest, HeaderOver16KiBIs431) {
  for (const std::string& bytes :
       {with_header("X-A: " + std::string(17'000, 'a')), get("/echo/" + std::string(17'000, 'a')),
        "GET /echo/a HTTP/1.1\r\nHost: x\r\nX-A: " + std::string(20'000, 'a'),
        std::string(17'000, 'A')}) {
    RawClient client(server_.port());
    client.send(bytes);
    EXPECT_EQ(client.reply().status, 431);
    client.end_sending();
    EXPECT_TRUE(client.closed());
  }
  RawClient client(server_.port());
  EXPECT_EQ(client.ask(with_header("X-A: " + std::string(16'000, 'a'))).status, 200);
  std::string fields = "X-0: 0";
  for (int i = 1; i <= 100; ++i) fields += "\r\nX-" + std::to_string(i) + ": 1";
  EXPECT_EQ(client.ask(with_header(fields)).status, 400);
}

TEST_F(HostileTest, WhatIsOddButRightIsTaken) {
  const std::pair<std::string, const char*> cases[] = {
      {get("http://x/echo/a"), "a"},
      {get("HTTP://X/echo/a?b"), "a"},
      {get("http://x"), "root"},
      {get("/echo/%41%C3%A9"), "Aé"},
      {get("/echo/a...b"), "a...b"},
      {get("/echo/...?x=/../%2F"), "..."},
      {get("/echo/a:b@c!$&'()*+,;="), "a:b@c!$&'()*+,;="},
      {get("/echo/a?&&=&b"), "a"},
      {with_header("X-A:"), "a"},
      {with_header("X-A:b\t c\t"), "a"},
      {with_header("X-A: gr\xC3\xBC\xC3\x9F"), "a"},
      {with_header("Content-Length: 0"), "a"},
      {post("content-length: 05", "hello"), "ahello"},
      {post("TRANSFER-ENCODING: Chunked", "A;x=\"y\"\r\n0123456789\r\n00\r\nX-A: b\r\n\r\n"),
       "a0123456789"},
  };
  RawClient client(server_.port());
  for (const auto& [bytes, body] : cases) {
    const RawReply reply = client.ask(bytes);
    EXPECT_EQ(reply.status, 200) << bytes;
    EXPECT_EQ(reply.body, body) << bytes;
  }
}

TEST_F(HostileTest, AClientThatLeavesMidwayHurtsNobody) {
  for (const std::string& bytes :
       {std::string(), std::string("GE"), post("Content-Length: 100", "half"), chunks("5\r\nhe")}) {
    const RawClient client(server_.port());
    RawClient(server_.port()).send(bytes);
  }
  expect_works();
}

}  // namespace
}  // namespace annals::http
