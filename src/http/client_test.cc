#include "http/client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "base/error.h"
#include "http/message.h"
#include "http/router.h"
#include "http/server.h"
#include "http/test_client.h"

namespace annals::http {
namespace {

class ClientTest : public testing::Test {
 protected:
  ClientTest() : server_(on_free_port(), router()) { server_.start(); }
  void TearDown() override { gate_.open(); }

  [[nodiscard]] std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(server_.port()) + path;
  }
  [[nodiscard]] PostRequest request(const std::string& path) const {
    return {.url = url(path),
            .content_type = "text/plain",
            .body = "Hello",
            .headers = {{"X-Name", "Anna"}},
            .reply_bytes_max = 1'000,
            .deadline_ms = 20'000};
  }
  static std::string refusal(const PostRequest& request) {
    try {
      static_cast<void>(post(request));
    } catch (const base::Error& error) {
      EXPECT_EQ(error.code(), base::Code::kUnavailable);
      EXPECT_EQ(error.message().find("127.0.0.1"), std::string::npos) << error.message();
      return error.message();
    }
    return "";
  }

  Gate gate_;
  Server server_;

 private:
  Router router() {
    Router router;
    router.add({Method::kPost, "/echo", [](const Request& request) {
                  return Response::json(201, std::string(request.header("content-type")) + " " +
                                                 std::string(request.header("x-name")) + " " +
                                                 request.body);
                }});
    router.add({Method::kGet, "/file", [](const Request& request) {
                  return Response::json(
                      200, std::string(request.header("x-name")) + std::string(90'000, 'y'));
                }});
    router.add({Method::kPost, "/large",
                [](const Request&) { return Response::json(200, std::string(1'001, 'x')); }});
    router.add({Method::kPost, "/elsewhere", [](const Request&) {
                  Response reply = Response::empty(302);
                  reply.headers.emplace_back("location", "/echo");
                  return reply;
                }});
    router.add({Method::kPost, "/slow", [this](const Request&) {
                  gate_.wait();
                  return Response::empty();
                }});
    return router;
  }
};

TEST_F(ClientTest, sends_and_is_answered) {
  const WebReply reply = post(request("/echo"));
  EXPECT_EQ(reply.status, 201);
  EXPECT_EQ(reply.body, "text/plain Anna Hello");
  EXPECT_EQ(post(request("/nowhere")).status, 404);
}

TEST_F(ClientTest, gets_a_reply_in_pieces_or_whole) {
  std::string taken;
  GetRequest asked{.url = url("/file"),
                   .headers = {{"X-Name", "Anna"}},
                   .reply_bytes_max = 100'000,
                   .deadline_ms = 20'000};
  EXPECT_EQ(get(asked).body, "Anna" + std::string(90'000, 'y'));
  asked.sink = [&](std::string_view piece) { taken += piece; };
  EXPECT_EQ(get(asked).body, "");
  EXPECT_EQ(taken, "Anna" + std::string(90'000, 'y'));
  asked.reply_bytes_max = 90'003;
  EXPECT_THROW(static_cast<void>(get(asked)), base::Error);
  asked.url = url("/nowhere");
  taken.clear();
  EXPECT_EQ(get(asked).status, 404);
  EXPECT_EQ(taken, "") << "what is no answer is not taken for one";
}

TEST_F(ClientTest, ends_where_what_came_is_not_wanted) {
  const GetRequest asked{.url = url("/file"),
                         .reply_bytes_max = 100'000,
                         .deadline_ms = 20'000,
                         .sink = [](std::string_view) { throw std::runtime_error("full"); }};
  EXPECT_THROW(static_cast<void>(get(asked)), std::runtime_error);
}

TEST_F(ClientTest, follows_no_redirection) { EXPECT_EQ(post(request("/elsewhere")).status, 302); }

TEST_F(ClientTest, takes_no_more_than_it_is_told_to) {
  PostRequest large = request("/large");
  EXPECT_EQ(refusal(large), "The answer is too large.");
  large.reply_bytes_max = 1'001;
  EXPECT_EQ(post(large).body.size(), 1'001U);
}

TEST_F(ClientTest, waits_no_longer_than_its_deadline) {
  PostRequest slow = request("/slow");
  slow.deadline_ms = 50;
  EXPECT_NE(refusal(slow), "");
}

TEST_F(ClientTest, gives_up_when_told_to) {
  std::atomic<bool> give_up = false;
  PostRequest slow = request("/slow");
  slow.give_up = &give_up;
  std::thread other([&] {
    gate_.await_arrivals(1);
    give_up = true;
  });
  EXPECT_NE(refusal(slow), "");
  other.join();
}

TEST_F(ClientTest, says_that_nobody_is_there) {
  PostRequest lost = request("/echo");
  {
    Server gone(on_free_port(), Router());
    gone.start();
    lost.url = "http://127.0.0.1:" + std::to_string(gone.port()) + "/echo";
  }
  EXPECT_NE(refusal(lost), "");
}

TEST(WebAddress, is_of_http_or_https_with_a_host) {
  for (const char* good : {"http://a", "https://a.example:8443/x?y=z", "HTTP://[::1]:80/",
                           "https://user:secret@a.example"}) {
    EXPECT_TRUE(is_web_address(good)) << good;
  }
  for (const char* bad : {"", "a.example", "/x", "file:///etc/passwd", "ftp://a", "gopher://a",
                          "http://", "http://a b", "http:a", "https://a:99999"}) {
    EXPECT_FALSE(is_web_address(bad)) << bad;
  }
}

}  // namespace
}  // namespace annals::http
