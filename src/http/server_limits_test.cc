// Time, memory and numbers: slow clients, full queues, and the way a server ends.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "http/message.h"
#include "http/metrics.h"
#include "http/router.h"
#include "http/server.h"
#include "http/test_client.h"

namespace annals::http {
namespace {

constexpr std::int64_t kShortMs = 150;
const std::string kGet = "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n";
const std::string kGetBlocked = "GET /blocked HTTP/1.1\r\nHost: x\r\n\r\n";

std::string post(std::string_view headers, std::string_view rest = "") {
  return "POST /quick HTTP/1.1\r\nHost: x\r\n" + std::string(headers) + "\r\n\r\n" +
         std::string(rest);
}

ServerOptions small_options() {
  ServerOptions options;
  options.port = 0;
  options.handlers = 1;
  options.handlers_running = 1;
  return options;
}

/// A server whose "/blocked" waits for `gate`.
struct Fixture {
  explicit Fixture(ServerOptions options = small_options()) : server(std::move(options), router()) {
    server.start();
  }
  ~Fixture() { gate.open(); }
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;

  Router router() {
    Router router;
    const auto size = [](const Request& request) {
      return Response::json(200, std::to_string(request.body.size()));
    };
    router.add({Method::kGet, "/quick", size});
    router.add({Method::kPost, "/quick", size});
    Route patient{Method::kPost, "/patient", size};
    patient.body_deadline_ms = 60'000;
    router.add(patient);
    const auto named = [](const char* name) {
      return [name](const Request&) { return Response::json(200, name); };
    };
    router.add({.method = Method::kGet,
                .pattern = "/at-once",
                .handler = named("at once"),
                .admission = Admission::kAtOnce});
    router.add({.method = Method::kGet,
                .pattern = "/always",
                .handler = named("always"),
                .admission = Admission::kAlways});
    router.add({Method::kGet, "/reply/{size}", [](const Request& request) {
                  return Response::json(200,
                                        std::string(std::stoul(request.parameter("size")), 'x'));
                }});
    router.add({Method::kGet, "/big", [](const Request&) {
                  return Response::json(200, std::string(64U * 1024 * 1024, 'x'));
                }});
    router.add({Method::kGet, "/blocked", [this](const Request&) {
                  gate.wait();
                  return Response::json(200, "unblocked");
                }});
    return router;
  }

  Gate gate;
  Server server;
};

double metric(const std::string& line_start) {
  const std::string text = serialize_metrics();
  const auto at = text.find("\n" + line_start + " ");
  return at == std::string::npos ? -1 : std::stod(text.substr(at + line_start.size() + 2));
}

TEST(ServerDeadline, OneForHeaderAndBodyTogether) {
  ServerOptions options = small_options();
  options.request_deadline_ms = kShortMs;
  Fixture fixture(options);
  for (const std::string& bytes :
       {std::string("G"), std::string("GET /quick HTTP/1.1\r\nHost: x\r\n"),
        post("Content-Length: 100", "half"), post("Transfer-Encoding: chunked", "5\r\nhe")}) {
    RawClient client(fixture.server.port());
    client.send(bytes);
    const RawReply reply = client.reply();
    EXPECT_EQ(reply.status, 408) << bytes;
    client.end_sending();
    EXPECT_TRUE(client.closed()) << bytes;
  }
}

TEST(ServerDeadline, IsNotMovedByEachByte) {
  ServerOptions options = small_options();
  options.request_deadline_ms = kShortMs;
  Fixture fixture(options);
  RawClient client(fixture.server.port());
  client.send(post("Content-Length: 100000"));
  const base::Micros start = base::system_clock().steady();
  std::future<RawReply> reply = std::async(std::launch::async, [&] { return client.reply(); });
  while (reply.wait_for(std::chrono::milliseconds(10)) != std::future_status::ready) {
    client.send("x");
  }
  EXPECT_EQ(reply.get().status, 408);
  const base::Micros waited_ms = (base::system_clock().steady() - start) / 1000;
  EXPECT_GE(waited_ms, kShortMs - 1);
  EXPECT_LT(waited_ms, 20 * kShortMs);
}

TEST(ServerDeadline, ARouteMayGiveMoreTimeToABodyThatKeepsComing) {
  ServerOptions options = small_options();
  options.request_deadline_ms = 4 * kShortMs;
  Fixture fixture(options);
  RawClient client(fixture.server.port());
  RawClient stalling(fixture.server.port());
  RawClient impatient(fixture.server.port());
  client.send("POST /patient HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  stalling.send("POST /patient HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na");
  impatient.send(post("Content-Length: 2", "a"));
  auto refusal = std::async(std::launch::async, [&] { return impatient.reply(); });
  std::size_t sent = 0;
  while (refusal.wait_for(std::chrono::milliseconds(10)) != std::future_status::ready) {
    client.send("4000\r\n" + std::string(0x4000, 'x') + "\r\n");
    sent += 0x4000;
  }
  EXPECT_EQ(refusal.get().status, 408);  // the short deadline has passed by now
  EXPECT_EQ(stalling.reply().status, 408);
  EXPECT_EQ(client.ask("0\r\n\r\n").body, std::to_string(sent));
}

TEST(ServerDeadline, AnIdleConnectionIsClosedWithoutAWord) {
  ServerOptions options = small_options();
  options.keep_alive_idle_ms = kShortMs;
  Fixture fixture(options);
  RawClient client(fixture.server.port());
  EXPECT_EQ(client.ask(kGet).status, 200);
  EXPECT_TRUE(client.closed());
}

TEST(ServerDeadline, AClientThatDoesNotReadIsClosed) {
  ServerOptions options = small_options();
  options.request_deadline_ms = kShortMs;
  Fixture fixture(options);
  const auto answered = [] {
    return metric("annals_http_requests_total{method=\"GET\",route=\"/big\",status=\"2xx\"}");
  };
  const double connections_before = metric("annals_http_connections");
  const double answered_before = answered();
  RawClient client(fixture.server.port(), 4096);
  client.send("GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(eventually([&] { return answered() == answered_before + 1; }));
  EXPECT_TRUE(eventually([&] { return metric("annals_http_connections") == connections_before; }));
  EXPECT_LT(client.rest().size(), 64U * 1024) << "the system goes on sending what it had taken";
}

TEST(ServerQueue, FullMeans503AtOnce) {
  ServerOptions options = small_options();
  options.queued_requests_max = 2;
  Fixture fixture(options);
  RawClient running(fixture.server.port());
  running.send(kGetBlocked);
  fixture.gate.await_arrivals(1);

  // Of five more, two wait and three are refused while the first still runs.
  std::atomic<int> refused = 0;
  std::atomic<int> answered = 0;
  std::vector<std::thread> clients;
  clients.reserve(5);
  for (int i = 0; i < 5; ++i) {
    clients.emplace_back([&] {
      RawClient client(fixture.server.port());
      const RawReply reply = client.ask(kGetBlocked);
      EXPECT_EQ(reply.header("retry-after").empty(), reply.status != 503);
      EXPECT_EQ(reply.header("connection"), "");
      ++(reply.status == 503 ? refused : answered);
    });
  }
  EXPECT_TRUE(eventually([&] { return refused == 3; }));
  EXPECT_EQ(answered, 0);
  fixture.gate.open();
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(refused, 3);
  EXPECT_EQ(answered, 2);
  EXPECT_EQ(running.reply().status, 200);
}

/// A server whose one thread is busy and whose queue is full: of `busy`, one runs and one waits.
struct FullQueue {
  FullQueue() {
    for (RawClient* client : {&running, &waiting}) {
      client->send(kGetBlocked);
      if (client == &running) fixture.gate.await_arrivals(1);
    }
    EXPECT_TRUE(eventually([&] { return RawClient(port()).ask(kGet).status == 503; }));
  }
  ~FullQueue() { fixture.gate.open(); }
  FullQueue(const FullQueue&) = delete;
  FullQueue& operator=(const FullQueue&) = delete;

  static ServerOptions options() {
    ServerOptions options = small_options();
    options.queued_requests_max = 1;
    return options;
  }
  [[nodiscard]] std::uint16_t port() const { return fixture.server.port(); }

  Fixture fixture{options()};
  RawClient running{port()};
  RawClient waiting{port()};
};

TEST(ServerQueue, ARefusedClientKeepsItsConnection) {
  FullQueue full;
  RawClient client(full.port());
  for (const std::string& request : {kGet, post("Content-Length: 3", "abc")}) {
    const RawReply reply = client.ask(request);
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(reply.header("retry-after"), "1");
    EXPECT_EQ(reply.header("connection"), "");
    EXPECT_NE(reply.body.find("request_id"), std::string::npos);
  }
  full.fixture.gate.open();
  EXPECT_EQ(full.waiting.reply().status, 200);
  EXPECT_EQ(client.ask(kGet).status, 200);
}

TEST(ServerQueue, WhoWatchesIsAnsweredAllTheSame) {
  FullQueue full;
  RawClient client(full.port());
  EXPECT_EQ(client.ask("GET /at-once HTTP/1.1\r\nHost: x\r\n\r\n").body, "at once");
  client.send("GET /always HTTP/1.1\r\nHost: x\r\n\r\n");
  full.fixture.gate.open();
  EXPECT_EQ(client.reply().body, "always");
}

TEST(ServerQueue, ALongBodyIsRefusedBeforeItIsSent) {
  FullQueue full;
  for (const char* const headers : {"Content-Length: 4000000", "Transfer-Encoding: chunked",
                                    "Content-Length: 3\r\nExpect: 100-continue"}) {
    RawClient client(full.port());
    const RawReply reply = client.ask(post(headers));
    EXPECT_EQ(reply.status, 503) << headers;
    EXPECT_EQ(reply.header("retry-after"), "1") << headers;
    EXPECT_EQ(reply.header("connection"), "close") << headers;
    client.end_sending();
    EXPECT_TRUE(client.closed()) << headers;
  }
}

TEST(ServerMemory, BodiesOfAllConnectionsHaveOneLimit) {
  ServerOptions options = small_options();
  options.bytes_held_max = 1'000;
  Fixture fixture(options);
  RawClient holding(fixture.server.port());
  holding.send(post("Content-Length: 900", std::string(890, 'x')));
  RawClient other(fixture.server.port());
  EXPECT_TRUE(eventually([&] {
    RawClient probe(fixture.server.port());
    return probe.ask(post("Content-Length: 200", std::string(200, 'x'))).status == 503;
  }));
  EXPECT_EQ(other.ask(post("Content-Length: 50", std::string(50, 'x'))).status, 200);
  EXPECT_EQ(holding.ask(std::string(10, 'x')).body, "900");
  EXPECT_EQ(other.ask(post("Content-Length: 900", std::string(900, 'x'))).body, "900");
}

TEST(ServerMemory, RepliesThatNobodyReadsCountToo) {
  constexpr std::size_t kBytes = 8U * 1024 * 1024;  // more than the system takes by itself
  const std::string get = "GET /reply/" + std::to_string(kBytes) + " HTTP/1.1\r\nHost: x\r\n\r\n";
  ServerOptions options = small_options();
  options.bytes_held_max = kBytes + 1'000;
  Fixture fixture(options);
  RawClient slow(fixture.server.port(), 4096);
  slow.send(get);
  RawClient other(fixture.server.port());
  RawReply reply;
  EXPECT_TRUE(eventually([&] { return (reply = other.ask(get)).status == 503; }));
  EXPECT_EQ(reply.header("retry-after"), "1");
  EXPECT_EQ(other.ask(kGet).status, 200);
  EXPECT_EQ(slow.reply().body.size(), kBytes);
  EXPECT_TRUE(eventually([&] { return other.ask(get).status == 200; }));
}

TEST(ServerConnections, OneMoreTakesThePlaceOfTheIdlest) {
  ServerOptions options = small_options();
  options.connections_max = 2;
  Fixture fixture(options);
  RawClient first(fixture.server.port());
  EXPECT_EQ(first.ask(kGet).status, 200);
  RawClient second(fixture.server.port());
  EXPECT_EQ(second.ask(kGet).status, 200);
  RawClient third(fixture.server.port());
  EXPECT_EQ(third.ask(kGet).status, 200);
  EXPECT_TRUE(first.closed());
  EXPECT_EQ(second.ask(kGet).status, 200);
}

TEST(ServerConnections, WhereAllAreBusyOneMoreIsToldSo) {
  ServerOptions options = small_options();
  options.connections_max = 2;
  Fixture fixture(options);
  RawClient first(fixture.server.port());
  RawClient second(fixture.server.port());
  first.send(kGetBlocked);
  fixture.gate.await_arrivals(1);
  second.send(post("Content-Length: 2\r\nExpect: 100-continue"));
  EXPECT_EQ(second.reply().status, 100);
  for (const std::string& bytes : {std::string(), kGet}) {
    RawClient third(fixture.server.port());
    third.send(bytes);
    const RawReply reply = third.reply();
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(reply.header("retry-after"), "1");
    EXPECT_EQ(reply.header("content-type"), "application/problem+json");
    EXPECT_EQ(reply.header("connection"), "close");
    EXPECT_TRUE(reply.complete);
    EXPECT_TRUE(third.closed());
  }
  fixture.gate.open();
  EXPECT_EQ(first.reply().status, 200);
  EXPECT_EQ(second.ask("ab").body, "2");
}

TEST(ServerStop, FinishesWhatWasAdmittedAndClosesTheIdle) {
  Fixture fixture;
  RawClient idle(fixture.server.port());
  EXPECT_EQ(idle.ask(kGet).status, 200);
  RawClient busy(fixture.server.port());
  busy.send(kGetBlocked);
  RawClient queued(fixture.server.port());
  queued.send(kGetBlocked);
  fixture.gate.await_arrivals(1);
  std::thread stopping([&] { fixture.server.stop(); });
  EXPECT_TRUE(idle.closed());
  EXPECT_TRUE(eventually([&] {
    try {
      const RawClient late(fixture.server.port());
      return false;
    } catch (const std::runtime_error&) {
      return true;
    }
  }));
  fixture.gate.open();
  const RawReply reply = busy.reply();
  EXPECT_EQ(reply.body, "unblocked");
  EXPECT_EQ(reply.header("connection"), "close");
  EXPECT_TRUE(busy.closed());
  stopping.join();
  fixture.server.stop();  // again: nothing
}

TEST(ServerStop, FinishesARequestThatIsStillArriving) {
  Fixture fixture;
  RawClient client(fixture.server.port());
  RawClient idle(fixture.server.port());
  client.send(post("Content-Length: 2\r\nExpect: 100-continue"));
  EXPECT_EQ(client.reply().status, 100);
  std::thread stopping([&] { fixture.server.stop(); });
  EXPECT_TRUE(idle.closed());
  EXPECT_EQ(client.ask("ab").body, "2");
  EXPECT_TRUE(client.closed());
  stopping.join();
}

TEST(ServerStop, WaitsForSlowClientsOnlySoLong) {
  ServerOptions options = small_options();
  options.graceful_stop_ms = kShortMs;
  Fixture fixture(options);
  RawClient client(fixture.server.port());
  client.send(post("Content-Length: 2\r\nExpect: 100-continue"));
  EXPECT_EQ(client.reply().status, 100);
  RawClient busy(fixture.server.port());
  busy.send(kGetBlocked);
  fixture.gate.await_arrivals(1);
  std::thread stopping([&] { fixture.server.stop(); });
  EXPECT_EQ(client.reply().status, 0);
  EXPECT_EQ(busy.reply().status, 0);
  fixture.gate.open();  // a handler that runs is waited for, since it may use what ends next
  stopping.join();
}

TEST(ServerStop, WithoutAStartIsNothing) {
  Server server(small_options(), Router());
  server.stop();
}

TEST(ServerMetrics, CountByRouteAndNotByPath) {
  const std::string labels = "method=\"GET\",route=\"/metered/{id}\"";
  const auto requests = "annals_http_requests_total{" + labels + ",status=\"2xx\"}";
  const auto durations = "annals_http_request_duration_seconds_count{" + labels + "}";
  Router router;
  router.add(
      {Method::kGet, "/metered/{id}", [](const Request&) { return Response::json(200, "{}"); }});
  Server server(small_options(), std::move(router));
  const double requests_before = metric(requests);
  const double durations_before = metric(durations);
  server.start();
  RawClient client(server.port());
  EXPECT_EQ(client.ask("GET /metered/secret HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
  EXPECT_EQ(client.ask("GET /nowhere/secret HTTP/1.1\r\nHost: x\r\n\r\n").status, 404);
  EXPECT_EQ(client.ask("GET /metered/secret HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
  server.stop();  // after it all is counted
  EXPECT_EQ(metric(requests), requests_before + 2);
  EXPECT_EQ(metric(durations), durations_before + 2);
  EXPECT_EQ(serialize_metrics().find("secret"), std::string::npos);
}

}  // namespace
}  // namespace annals::http
