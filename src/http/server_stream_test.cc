// Bodies that are made while they are sent, and server-sent events.
#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "http/event_channel.h"
#include "http/message.h"
#include "http/router.h"
#include "http/server.h"
#include "http/test_client.h"

namespace annals::http {
namespace {

constexpr std::size_t kMiB = 1024 * 1024;

ServerOptions few_handlers() {
  ServerOptions options = on_free_port();
  options.handlers = 4;
  return options;
}

std::string get(const std::string& path, const std::string& version = "1.1") {
  return "GET " + path + " HTTP/" + version + "\r\nHost: x\r\n\r\n";
}

Response streaming(BodySource source) {
  Response reply;
  reply.headers.emplace_back("Content-Type", "text/csv");
  reply.stream = std::move(source);
  return reply;
}

class StreamTest : public testing::Test {
 protected:
  StreamTest() : server_(few_handlers(), router()) { server_.start(); }

  Router router() {
    Router router;
    // "/lines/N" has N lines, "/cut/N" fails after N lines.
    const auto lines = [](const Request& request) {
      const int count = std::stoi(request.parameter("count"));
      const bool cut = request.path.starts_with("/cut");
      return streaming([count, cut, next = 0]() mutable -> std::string {
        if (next == count && cut) throw base::Error(base::Code::kUnavailable, "Try again.");
        if (next == count) return {};
        return "line " + std::to_string(next++) + "\n";
      });
    };
    router.add({Method::kGet, "/lines/{count}", lines});
    router.add({Method::kGet, "/cut/{count}", lines});
    router.add({Method::kGet, "/huge", [this](const Request&) {
                  return streaming([this]() -> std::string {
                    if (pieces_ == 128) return {};
                    ++pieces_;
                    return std::string(kMiB, 'x');
                  });
                }});
    return router;
  }

  std::atomic<int> pieces_ = 0;
  Server server_;
};

TEST_F(StreamTest, SendsPiecesAsChunks) {
  RawClient client(server_.port());
  const RawReply reply = client.ask(get("/lines/3"));
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("transfer-encoding"), "chunked");
  EXPECT_EQ(reply.header("content-length"), "");
  EXPECT_EQ(reply.header("content-type"), "text/csv");
  EXPECT_EQ(reply.body, "line 0\nline 1\nline 2\n");
  EXPECT_EQ(client.ask(get("/lines/0")).body, "");
  EXPECT_EQ(client.ask(get("/lines/1")).body, "line 0\n");
}

TEST_F(StreamTest, EndsByClosingForHttp10) {
  RawClient client(server_.port());
  const RawReply reply = client.ask(get("/lines/2", "1.0"));
  EXPECT_EQ(reply.header("transfer-encoding"), "");
  EXPECT_EQ(reply.body, "line 0\nline 1\n");
}

TEST_F(StreamTest, HeadDoesNotMakeTheBody) {
  RawClient client(server_.port());
  client.send("HEAD /huge HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.reply(true).status, 200);
  EXPECT_EQ(client.ask(get("/lines/1")).body, "line 0\n");
  EXPECT_EQ(pieces_, 0);
}

TEST_F(StreamTest, AFailureMidwayCutsTheBody) {
  RawClient client(server_.port());
  const RawReply reply = client.ask(get("/cut/2"));
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "line 0\nline 1\n");
  EXPECT_FALSE(reply.complete);
}

TEST_F(StreamTest, AFailureAtOnceIsAProblemDocument) {
  RawClient client(server_.port());
  const RawReply reply = client.ask(get("/cut/0"));
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.header("content-type"), "application/problem+json");
  EXPECT_EQ(client.ask(get("/lines/1")).body, "line 0\n");
}

TEST_F(StreamTest, TheNextPieceWaitsForTheLastToBeSent) {
  constexpr int kBufferedPiecesMax = 24;  // what the two sockets' buffers may hold
  RawClient client(server_.port(), 16 * 1024);
  client.send(get("/huge"));
  ASSERT_TRUE(client.until("\r\n\r\n").has_value());
  std::size_t taken = 0;
  for (int piece = 0; piece < 128; ++piece) {
    EXPECT_LE(pieces_, piece + kBufferedPiecesMax);
    ASSERT_EQ(client.until("\r\n"), "100000\r\n");
    const auto content = client.until("\r\n");
    ASSERT_TRUE(content.has_value());
    taken += content->size() - 2;
  }
  EXPECT_EQ(taken, 128 * kMiB);
  EXPECT_EQ(client.until("\r\n\r\n"), "0\r\n\r\n");
}

/// Listeners of the route "/events", as a slice would keep them.
class Hub {
 public:
  Response listen() {
    Response reply;
    reply.events = std::make_shared<EventSource>();
    auto mine = std::make_shared<std::shared_ptr<EventSink>>();
    reply.events->open = [this, mine](std::shared_ptr<EventSink> sink) {
      const std::scoped_lock lock(mutex_);
      *mine = std::move(sink);
      listeners_.push_back(mine);
      ++opened_;
    };
    reply.events->close = [this, mine] {
      const std::scoped_lock lock(mutex_);
      std::erase(listeners_, mine);
      ++closed_;
    };
    return reply;
  }

  void end() {
    const std::scoped_lock lock(mutex_);
    for (const auto& listener : listeners_) (*listener)->end();
  }
  /// How many took it.
  std::size_t send(const Event& event) {
    const std::scoped_lock lock(mutex_);
    std::size_t sent = 0;
    for (const auto& listener : listeners_) sent += (*listener)->send(event_text(event)) ? 1U : 0U;
    return sent;
  }
  int opened() {
    const std::scoped_lock lock(mutex_);
    return opened_;
  }
  int closed() {
    const std::scoped_lock lock(mutex_);
    return closed_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::shared_ptr<std::shared_ptr<EventSink>>> listeners_;
  int opened_ = 0;
  int closed_ = 0;
};

Router event_router(Hub& hub) {
  Router router;
  router.add({Method::kGet, "/events", [&hub](const Request&) { return hub.listen(); }});
  router.add({Method::kGet, "/refused", [](const Request&) {
                Response reply;
                reply.events = std::make_shared<EventSource>();
                reply.events->open = [](const std::shared_ptr<EventSink>&) {
                  throw std::runtime_error("no");
                };
                return reply;
              }});
  return router;
}

TEST(Events, ReachEveryClientInOrder) {
  Hub hub;
  Server server(few_handlers(), event_router(hub));
  server.start();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<RawClient>(server.port()));
    clients.back()->send(get("/events"));
    const auto head = clients.back()->until("\r\n\r\n");
    ASSERT_TRUE(head.has_value());
    EXPECT_NE(head->find("Content-Type: text/event-stream\r\n"), std::string::npos);
    EXPECT_NE(head->find("Cache-Control: no-store\r\n"), std::string::npos);
  }
  ASSERT_TRUE(eventually([&] { return hub.opened() == 3; }));
  EXPECT_EQ(hub.send({"1", "entry", R"({"a":1})"}), 3U);
  EXPECT_EQ(hub.send({"", "", "two\nlines"}), 3U);
  for (const auto& client : clients) {
    EXPECT_TRUE(client->until("id: 1\nevent: entry\ndata: {\"a\":1}\n\n").has_value());
    EXPECT_TRUE(client->until("data: two\ndata: lines\n\n").has_value());
  }
  clients.pop_back();
  EXPECT_TRUE(eventually([&] { return hub.closed() == 1; }));
  EXPECT_EQ(hub.send({"2", "", "x"}), 2U);
  server.stop();
  EXPECT_EQ(hub.closed(), 3);
  for (const auto& client : clients) EXPECT_TRUE(client->rest().ends_with("0\r\n\r\n"));
}

TEST(Events, EndAfterWhatWasSentWhereTheSourceSaysSo) {
  Hub hub;
  Server server(few_handlers(), event_router(hub));
  server.start();
  RawClient client(server.port());
  client.send(get("/events"));
  ASSERT_TRUE(eventually([&] { return hub.opened() == 1; }));
  EXPECT_EQ(hub.send({"1", "", "last"}), 1U);
  hub.end();
  EXPECT_TRUE(client.rest().ends_with("data: last\n\n\r\n0\r\n\r\n"));
  EXPECT_TRUE(eventually([&] { return hub.closed() == 1; }));
}

TEST(Events, PingWhileNothingHappens) {
  Hub hub;
  ServerOptions options = few_handlers();
  options.stream_ping_ms = 20;
  options.request_deadline_ms = 50;  // is about requests, and must not end an idle stream
  Server server(options, event_router(hub));
  server.start();
  RawClient client(server.port());
  client.send(get("/events"));
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(client.until(": ping\n\n").has_value());
  EXPECT_EQ(hub.closed(), 0);
}

TEST(Events, AClientThatIsTooSlowIsDroppedAlone) {
  Hub hub;
  Server server(few_handlers(), event_router(hub));
  server.start();
  RawClient slow(server.port(), 4096);
  slow.send(get("/events"));
  RawClient quick(server.port());
  quick.send(get("/events"));
  ASSERT_TRUE(eventually([&] { return hub.opened() == 2; }));
  const std::string data(32 * 1024, 'x');
  int sent = 0;
  for (; sent < 10'000; ++sent) {
    const std::string id = std::to_string(sent);
    const std::size_t took = hub.send({id, "", data});
    ASSERT_TRUE(quick.until(event_text({id, "", data})).has_value());
    if (took == 1) break;
    ASSERT_EQ(took, 2U);
  }
  EXPECT_LT(sent, 10'000);
  EXPECT_TRUE(eventually([&] { return hub.closed() == 1; }));
  EXPECT_EQ(hub.send({"last", "", "x"}), 1U);
  EXPECT_TRUE(quick.until("id: last").has_value());
}

TEST(Events, HaveALimitOfClients) {
  Hub hub;
  ServerOptions options = few_handlers();
  options.event_streams_max = 1;
  Server server(options, event_router(hub));
  server.start();
  auto first = std::make_unique<RawClient>(server.port());
  first->send(get("/events"));
  EXPECT_TRUE(first->until("\r\n\r\n").has_value());
  RawClient second(server.port());
  const RawReply reply = second.ask(get("/events"));
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.header("retry-after"), "1");
  first.reset();
  EXPECT_TRUE(eventually([&] {
    RawClient third(server.port());
    third.send(get("/events"));
    const auto head = third.until("\r\n\r\n");
    return head && head->starts_with("HTTP/1.1 200");
  }));
}

TEST(Events, ASourceThatCannotOpenEndsTheStream) {
  Hub hub;
  Server server(few_handlers(), event_router(hub));
  server.start();
  RawClient client(server.port());
  EXPECT_FALSE(client.ask(get("/refused")).complete);
  EXPECT_EQ(hub.closed(), 0);
}

TEST(Events, SendingAfterTheEndIsFalse) {
  std::shared_ptr<EventSink> kept;
  Router router;
  Gate opened;
  router.add({Method::kGet, "/events", [&](const Request&) {
                Response reply;
                reply.events = std::make_shared<EventSource>();
                reply.events->open = [&](std::shared_ptr<EventSink> sink) {
                  kept = std::move(sink);
                  opened.open();
                };
                return reply;
              }});
  {
    Server server(few_handlers(), std::move(router));
    server.start();
    RawClient client(server.port());
    client.send(get("/events"));
    opened.wait();
    EXPECT_TRUE(kept->send(event_text({"1", "", "x"})));
    EXPECT_TRUE(client.until("id: 1").has_value());
  }
  EXPECT_FALSE(kept->send(event_text({"2", "", "x"})));
}

TEST(EventChannel, WritesNoFieldThatAnEventDoesNotHave) {
  EXPECT_EQ(event_text({"a\r\nb", "na\nme", ""}), "id: ab\nevent: name\ndata: \n\n");
}

TEST(EventChannel, WakesOnceForWhatWaits) {
  int wakes = 0;
  EventChannel channel([&] { ++wakes; });
  EXPECT_TRUE(channel.send(event_text({"", "", "a"})));
  EXPECT_TRUE(channel.send(event_text({"", "", "b"})));
  EXPECT_EQ(wakes, 1);
  EXPECT_FALSE(channel.drained());
  EXPECT_EQ(channel.take(), "data: a\n\ndata: b\n\n");
  EXPECT_EQ(channel.take(), "");
  EXPECT_TRUE(channel.drained());
  EXPECT_FALSE(channel.send(event_text({"", "", std::string(kEventBytesMax, 'x')})));
  EXPECT_TRUE(channel.overflowed());
  EXPECT_EQ(wakes, 2);
  EXPECT_FALSE(channel.send(event_text({"", "", "c"})));
  channel.close();
  EXPECT_EQ(wakes, 2);
}

}  // namespace
}  // namespace annals::http
