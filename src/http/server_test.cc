#include "http/server.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <thread>

#include "base/error.h"
#include "base/json.h"
#include "http/message.h"
#include "http/router.h"
#include "http/test_client.h"

namespace annals::http {
namespace {

/// What the handler of "/echo" saw.
Response echo(const Request& request) {
  base::JsonWriter json;
  json.begin_object()
      .member("method", name_of(request.method))
      .member("path", request.path)
      .key("query")
      .begin_array();
  for (const auto& [name, value] : request.query) json.value(name).value(value);
  json.end_array().member("body", request.body).member("request_id", request.request_id);
  json.member("address", request.remote_address).end_object();
  return Response::json(200, json.take());
}

/// Replies that come later: from the handler's thread, from another one, or not at all.
Response later(const Request& request) {
  const auto make = [body = request.body]() -> Response {
    if (body == "refuse") throw base::invalid("name", "required", "Give a name.");
    return Response::json(201, body);
  };
  Response reply;
  reply.later = [how = request.parameter("how"), make](const auto& give) {
    if (how == "throws") throw std::runtime_error("secret of the bug");
    if (how == "at-once") return give(make);
    std::thread([give, make] { give(make); }).detach();
  };
  return reply;
}

Router echo_router() {
  Router router;
  router.add({Method::kGet, "/echo", echo});
  router.add({Method::kPost, "/echo", echo});
  router.add({Method::kGet, "/things/{id}",
              [](const Request& request) { return Response::json(200, request.parameter("id")); }});
  router.add({Method::kPost, "/later/{how}", later});
  router.add({Method::kGet, "/nothing", [](const Request&) { return Response::empty(); }});
  router.add({Method::kGet, "/invalid", [](const Request&) -> Response {
                throw base::invalid("name", "required", "Give a name.");
              }});
  router.add({Method::kGet, "/bug",
              [](const Request&) -> Response { throw std::runtime_error("secret of the bug"); }});
  router.add({Method::kGet, "/bad-header", [](const Request&) {
                Response reply = Response::json(200, "{}");
                reply.headers.emplace_back("X-Name", "a\r\nSet-Cookie: b");
                return reply;
              }});
  Route small{Method::kPost, "/small", echo};
  small.body_bytes_max = 10;
  router.add(small);
  return router;
}

class ServerTest : public testing::Test {
 protected:
  ServerTest() : server_(on_free_port(), echo_router()) { server_.start(); }
  Server server_;
};

base::Json json_of(const RawReply& reply) { return base::parse_json(reply.body); }

TEST_F(ServerTest, GivesRepliesThatComeLater) {
  RawClient client(server_.port());
  const auto ask = [&](const std::string& how, const std::string& body) {
    return client.ask("POST /later/" + how + " HTTP/1.1\r\nHost: x\r\nContent-Length: " +
                      std::to_string(body.size()) + "\r\n\r\n" + body);
  };
  for (int i = 0; i < 200; ++i) {
    for (const char* how : {"at-once", "elsewhere"}) {
      const RawReply reply = ask(how, "body");
      EXPECT_EQ(reply.status, 201);
      EXPECT_EQ(reply.body, "body");
    }
  }
  EXPECT_EQ(ask("elsewhere", "refuse").status, 422);
  EXPECT_EQ(ask("at-once", "refuse").status, 422);
  const RawReply failed = ask("throws", "");
  EXPECT_EQ(failed.status, 500);
  EXPECT_EQ(failed.body.find("secret"), std::string::npos);
}

TEST_F(ServerTest, AnswersWithTheCommonHeaders) {
  RawClient client(server_.port());
  const RawReply reply = client.ask("GET /echo?a=1&b=x%20y+z&a=2 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("content-type"), "application/json");
  EXPECT_EQ(reply.header("cache-control"), "no-store");
  EXPECT_EQ(reply.header("x-content-type-options"), "nosniff");
  EXPECT_EQ(reply.header("referrer-policy"), "no-referrer");
  EXPECT_EQ(reply.header("date").size(), 29U);
  EXPECT_EQ(reply.header("connection"), "");
  const base::Json body = json_of(reply);
  EXPECT_EQ(body.find("path")->text(), "/echo");
  EXPECT_EQ(body.find("query")->dump(), R"(["a","1","b","x y z","a","2"])");
  EXPECT_EQ(body.find("request_id")->text(), reply.header("x-request-id"));
  EXPECT_EQ(body.find("address")->text(), "127.0.0.1");
}

TEST_F(ServerTest, KeepsTheConnectionAndAnswersInOrder) {
  RawClient client(server_.port());
  client.send("GET /things/1 HTTP/1.1\r\nHost: x\r\n\r\nGET /things/2 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.reply().body, "1");
  EXPECT_EQ(client.reply().body, "2");
  EXPECT_EQ(client.ask("GET /things/3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").body, "3");
  EXPECT_TRUE(client.closed());
}

TEST_F(ServerTest, TakesRequestsByteByByte) {
  RawClient client(server_.port());
  for (const std::string request :
       {"\r\nPOST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        "2;a=b\r\nhe\r\n03\r\nllo\r\n0\r\nX-Sum: 1\r\n\r\n"}) {
    for (const char c : request) ASSERT_TRUE(client.send({&c, 1}));
    EXPECT_EQ(json_of(client.reply()).find("body")->text(), "hello");
  }
}

TEST_F(ServerTest, HeadHasNoBody) {
  RawClient client(server_.port());
  client.send(
      "HEAD /things/abc HTTP/1.1\r\nHost: x\r\n\r\nGET /things/1 HTTP/1.1\r\nHost: x\r\n\r\n");
  const RawReply head = client.reply(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("content-length"), "3");
  EXPECT_EQ(client.reply().body, "1");
}

TEST_F(ServerTest, NoContentHasNoLength) {
  RawClient client(server_.port());
  const RawReply reply = client.ask("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(reply.status, 204);
  EXPECT_EQ(reply.header("content-length"), "");
  EXPECT_EQ(client.ask("GET /things/1 HTTP/1.1\r\nHost: x\r\n\r\n").body, "1");
}

TEST_F(ServerTest, RefusalsAreProblemDocuments) {
  struct Case {
    const char* request_line;
    int status;
    const char* allow;
  };
  const Case cases[] = {
      {"GET /missing", 404, ""},
      {"DELETE /echo", 405, "GET, HEAD, POST, OPTIONS"},
      {"TRACE /echo", 405, "GET, HEAD, POST, OPTIONS"},
      {"TRACE /missing", 404, ""},
      {"GET /invalid", 422, ""},
      {"GET /bug", 500, ""},
      {"GET /bad-header", 500, ""},
  };
  RawClient client(server_.port());  // one: refusals keep the connection
  for (const Case& c : cases) {
    const RawReply reply = client.ask(std::string(c.request_line) + " HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(reply.status, c.status) << c.request_line;
    EXPECT_EQ(reply.header("allow"), c.allow) << c.request_line;
    EXPECT_EQ(reply.header("content-type"), "application/problem+json") << c.request_line;
    EXPECT_EQ(json_of(reply).find("request_id")->text(), reply.header("x-request-id"));
    EXPECT_EQ(reply.body.find("secret"), std::string::npos);
    EXPECT_EQ(reply.header("set-cookie"), "");
  }
}

TEST_F(ServerTest, OptionsTellsTheMethods) {
  RawClient client(server_.port());
  RawReply reply = client.ask("OPTIONS /echo HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(reply.status, 204);
  EXPECT_EQ(reply.header("allow"), "GET, HEAD, POST, OPTIONS");
  reply = client.ask("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(reply.status, 204);
  EXPECT_EQ(client.ask("OPTIONS /missing HTTP/1.1\r\nHost: x\r\n\r\n").status, 404);
}

TEST_F(ServerTest, BodyOverTheRoutesLimitIs413) {
  RawClient client(server_.port());
  EXPECT_EQ(
      client.ask("POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n0123456789").status,
      200);
  const RawReply reply =
      client.ask("POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n01234567890");
  EXPECT_EQ(reply.status, 413);
  EXPECT_EQ(reply.header("connection"), "close");
  EXPECT_TRUE(client.closed());
  RawClient chunking(server_.port());
  EXPECT_EQ(chunking
                .ask("POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "9\r\n012345678\r\n2\r\nab\r\n0\r\n\r\n")
                .status,
            413);
}

TEST_F(ServerTest, AnswersExpectContinue) {
  RawClient client(server_.port());
  client.send(
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.reply().status, 100);
  EXPECT_EQ(json_of(client.ask("ok")).find("body")->text(), "ok");
  // What is refused anyway is refused before the body is sent.
  client.send(
      "POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.reply().status, 413);
}

TEST_F(ServerTest, Http10ClosesUnlessAsked) {
  RawClient client(server_.port());
  const RawReply kept = client.ask("GET /things/1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(kept.header("connection"), "keep-alive");
  EXPECT_EQ(client.ask("GET /things/2 HTTP/1.0\r\n\r\n").header("connection"), "close");
  EXPECT_TRUE(client.closed());
}

TEST(Server, SaysWhereItCannotListen) {
  Server first(on_free_port(), echo_router());
  ServerOptions taken;
  taken.port = first.port();
  try {
    const Server second(taken, echo_router());
    FAIL() << "two servers at one port";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::kInvalid);
    EXPECT_EQ(error.errors().at(0).field, "listen");
  }
}

}  // namespace
}  // namespace annals::http
