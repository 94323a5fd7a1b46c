// Bodies that a route takes piece by piece.
#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "http/message.h"
#include "http/router.h"
#include "http/server.h"
#include "http/test_client.h"

namespace annals::http {
namespace {

constexpr std::size_t kBodyBytesMax = std::size_t{8} << 20;
constexpr std::size_t kPieceBytesMax = std::size_t{128} << 10;

/// What became of the bodies so far.
struct Taken {
  std::atomic<std::size_t> bytes = 0;
  std::atomic<std::size_t> longest_piece = 0;
  std::atomic<int> open = 0;
};

class Counter final : public BodySink {
 public:
  explicit Counter(Taken& taken) : taken_(taken) { ++taken_.open; }
  ~Counter() override { --taken_.open; }
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;

  void write(std::string_view piece) override {
    if (piece.find('!') != std::string_view::npos) {
      throw base::invalid("file", "mark", "has a mark that it must not have");
    }
    taken_.bytes += piece.size();
    if (piece.size() > taken_.longest_piece) taken_.longest_piece = piece.size();
  }

 private:
  Taken& taken_;
};

class Upload : public testing::Test {
 protected:
  Upload() : server_(on_free_port(), router()) { server_.start(); }

  Router router() {
    Router router;
    Route route{Method::kPost, "/upload", [this](const Request& request) {
                  EXPECT_TRUE(request.body.empty());
                  return Response::json(request.sink ? 200 : 422, std::to_string(taken_.bytes));
                }};
    route.body_bytes_max = kBodyBytesMax;
    route.body_deadline_ms = 60'000;
    route.take_body = [this](const Request& request) {
      if (request.header("x-stranger") == "yes") {
        throw base::Error(base::Code::kForbidden, "Strangers may not.");
      }
      return std::make_shared<Counter>(taken_);
    };
    router.add(route);
    return router;
  }
  static std::string head(std::string_view headers) {
    return "POST /upload HTTP/1.1\r\nHost: x\r\n" + std::string(headers) + "\r\n\r\n";
  }
  bool all_ended() {
    return eventually([this] { return taken_.open == 0; });
  }

  Taken taken_;
  Server server_;
};

TEST_F(Upload, GoesToTheSinkInPiecesThatAreShort) {
  RawClient client(server_.port());
  client.send(head("Content-Length: 3000000") + std::string(3'000'000, 'x'));
  EXPECT_EQ(client.reply().body, "3000000");
  EXPECT_LE(taken_.longest_piece, kPieceBytesMax);
  // The connection goes on, and a short one comes to the same.
  client.send(head("Content-Length: 5") + "abcde");
  EXPECT_EQ(client.reply().body, "3000005");
  EXPECT_TRUE(all_ended());
}

TEST_F(Upload, MayComeInChunks) {
  RawClient client(server_.port());
  client.send(head("Transfer-Encoding: chunked") + "c3500\r\n" + std::string(800'000, 'x') +
              "\r\n3\r\nabc\r\n0\r\n\r\n");
  EXPECT_EQ(client.reply().body, "800003");
  EXPECT_LE(taken_.longest_piece, kPieceBytesMax);
  client.send(head("Content-Length: 1") + "x");
  EXPECT_EQ(client.reply().body, "800004");
}

TEST_F(Upload, WithoutABodyHasNoSink) {
  RawClient client(server_.port());
  client.send(head("Accept: */*"));
  EXPECT_EQ(client.reply().status, 422);
}

TEST_F(Upload, IsRefusedBeforeAnyOfItIsTaken) {
  RawClient client(server_.port());
  client.send(head("X-Stranger: yes\r\nContent-Length: 3000000"));
  EXPECT_EQ(client.reply().status, 403);
  RawClient patient(server_.port());
  patient.send(head("X-Stranger: yes\r\nExpect: 100-continue\r\nContent-Length: 3000000"));
  EXPECT_EQ(patient.reply().status, 403) << "not 100";
  RawClient longer(server_.port());
  longer.send(head("Content-Length: 8388609"));
  EXPECT_EQ(longer.reply().status, 413);
  RawClient chunked(server_.port());
  chunked.send(head("Transfer-Encoding: chunked") + "800001\r\n");
  EXPECT_EQ(chunked.reply().status, 413);
  EXPECT_EQ(taken_.bytes, 0U);
  EXPECT_TRUE(all_ended());
}

TEST_F(Upload, EndsWhereTheSinkHasEnough) {
  RawClient client(server_.port());
  client.send(head("Content-Length: 3000000") + std::string(200'000, 'x') + "!");
  client.send(std::string(100'000, 'y'));
  const RawReply reply = client.reply();
  EXPECT_EQ(reply.status, 422);
  EXPECT_NE(reply.body.find("mark"), std::string::npos);
  EXPECT_TRUE(all_ended());
}

TEST_F(Upload, OfAClientThatIsGoneEnds) {
  {
    RawClient client(server_.port());
    client.send(head("Content-Length: 3000000") + std::string(100'000, 'x'));
    EXPECT_TRUE(eventually([this] { return taken_.bytes > 0; }));
  }
  EXPECT_TRUE(all_ended());
}

}  // namespace
}  // namespace annals::http
