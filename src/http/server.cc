#include "http/server.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/wait_traits.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/thread.h"
#include "http/connection.h"
#include "http/message.h"
#include "http/problem.h"
#include "http/reply_head.h"
#include "http/router.h"
#include "http/wire.h"

// Boost.Beast's parser accepts what lets a request be smuggled past a proxy, so heads and chunks
// are read by request_head.h and chunked.h alone: one strict reader, and no second one that could
// understand a request otherwise. What they refuse stands in server_hostile_test.cc.

namespace annals::http {
namespace {

using boost::asio::redirect_error;
using boost::asio::ip::tcp;
using boost::system::error_code;
using Acceptor = boost::asio::basic_socket_acceptor<tcp, Executor>;
using Timer = boost::asio::basic_waitable_timer<
    std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

constexpr std::chrono::milliseconds kAcceptRetry{100};
constexpr int kAcceptedAtOnce = 64;
constexpr std::size_t kOtherFiles = 512;  // of the database and the rest of the process
constexpr std::size_t kEndingMax = 64;    // connections that make room, and have not gone yet

base::Error cannot_listen(const ServerOptions& options, const error_code& error) {
  return base::invalid("listen", "unavailable",
                       "Cannot listen at " + options.host + ":" + std::to_string(options.port) +
                           ": " + error.message() + ".");
}

/// Lets the process open as many files as its connections need. Where the system does not allow
/// so many, there are fewer connections: an accept that fails would fail the database's files too.
ServerOptions within_file_limit(ServerOptions options) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return options;
  const rlim_t wanted = options.connections_max + kOtherFiles;
  if (limit.rlim_cur < wanted) {
    limit.rlim_cur = std::min(limit.rlim_max, wanted);
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  if (limit.rlim_cur >= wanted) return options;
  const rlim_t others = std::min<rlim_t>(kOtherFiles, limit.rlim_cur / 2);
  base::log(base::Level::kWarn,
            "the limit of open files allows fewer connections than there may be: raise it "
            "(ulimit -Hn, LimitNOFILE=)",
            {{"open_files", static_cast<std::int64_t>(limit.rlim_cur)},
             {"wanted", static_cast<std::int64_t>(wanted)},
             {"connections", static_cast<std::int64_t>(limit.rlim_cur - others)}});
  options.connections_max = static_cast<std::size_t>(limit.rlim_cur - others);
  return options;
}

/// Says to a client that there is no room for it, as far as that can be said without waiting.
void refuse(Socket socket, bool tls) {
  if (tls) return;  // before a handshake nothing can be said
  const base::Micros now = base::system_clock().now();
  const std::string request_id = base::make_id(now).text();
  const Response reply =
      problem(503, "The server has as many connections as it can; try again.", {}, request_id);
  std::string text;
  write_reply_head(text, reply, {reply.body.size(), false, false, false}, request_id,
                   http_date(now));
  text += reply.body;
  // What it sent is read, or the close would be a reset, which may overtake the reply.
  std::array<char, base::limits::kRequestHeaderBytesMax> ignored{};
  ::recv(socket.native_handle(), ignored.data(), ignored.size(), MSG_DONTWAIT);
  ::send(socket.native_handle(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace

struct Server::Impl {
  Impl(ServerOptions options, Router router)
      : shared(within_file_limit(std::move(options)), std::move(router)) {
    // OpenSSL writes without MSG_NOSIGNAL.
    ::signal(SIGPIPE, SIG_IGN);
    const auto count = static_cast<std::size_t>(std::max(1, shared.options.io_threads));
    for (std::size_t i = 0; i < count; ++i) loops.push_back(std::make_unique<Loop>());
    listen();
  }

  void listen();
  Task<void> accept();
  bool has_room(Loop& loop);
  void take_in(Loop& loop, Socket socket);
  void stop();

  Shared shared;
  std::vector<std::unique_ptr<Loop>> loops;
  std::unique_ptr<Acceptor> acceptor;
  std::uint16_t port = 0;
  std::mutex stop_mutex;
  bool started = false;
  bool stopped = false;
};

void Server::Impl::listen() {
  error_code error;
  tcp::resolver resolver(loops.front()->context);
  const auto found = resolver.resolve(shared.options.host, std::to_string(shared.options.port),
                                      tcp::resolver::passive, error);
  if (error || found.empty()) throw cannot_listen(shared.options, error);
  const tcp::endpoint endpoint = found.begin()->endpoint();
  acceptor = std::make_unique<Acceptor>(loops.front()->context);
  acceptor->open(endpoint.protocol(), error);
  if (!error) acceptor->set_option(Acceptor::reuse_address(true), error);
  if (!error) acceptor->bind(endpoint, error);
  if (!error) acceptor->listen(Acceptor::max_listen_connections, error);
  if (!error) acceptor->non_blocking(true, error);
  if (error) throw cannot_listen(shared.options, error);
  port = acceptor->local_endpoint().port();
}

/// Whether one more connection is taken. Where there are as many as can be, one of `loop` that
/// waits for a request is ended for it.
bool Server::Impl::has_room(Loop& loop) {
  {
    const std::scoped_lock lock(shared.mutex);
    if (shared.connections < shared.options.connections_max) return true;
    if (shared.connections >= shared.options.connections_max + kEndingMax) return false;
  }
  if (loop.idle_count == 0) return false;
  loop.end_idlest();
  return true;
}

void Server::Impl::take_in(Loop& loop, Socket socket) {
  if (!has_room(loop)) {
    shared.metrics.connection_refusals.add();
    refuse(std::move(socket), shared.tls != nullptr);
    return;
  }
  auto connection = std::make_shared<Connection>(shared, loop, std::move(socket));
  boost::asio::co_spawn(loop.context, Connection::serve(std::move(connection)),
                        boost::asio::detached);
}

Task<void> Server::Impl::accept() {
  Timer retry(loops.front()->context);
  std::size_t next = 0;
  const auto next_loop = [&]() -> Loop& { return *loops[next++ % loops.size()]; };
  for (;;) {
    error_code error;
    Loop& loop = next_loop();
    Socket socket = co_await acceptor->async_accept(loop.context, redirect_error(kAwait, error));
    if (!acceptor->is_open()) co_return;
    if (error) {  // out of descriptors, most likely
      retry.expires_after(kAcceptRetry);
      co_await retry.async_wait(redirect_error(kAwait, error));
      continue;
    }
    take_in(loop, std::move(socket));
    // Those behind it too: one a turn would have them wait while thousands are served.
    for (int i = 1; i < kAcceptedAtOnce; ++i) {
      Loop& other = next_loop();
      Socket more = acceptor->accept(other.context, error);
      if (error) break;
      take_in(other, std::move(more));
    }
  }
}

void Server::Impl::stop() {
  const std::scoped_lock stop_lock(stop_mutex);
  if (std::exchange(stopped, true)) return;
  if (!started) return;
  shared.stopping = true;
  boost::asio::post(loops.front()->context, [this] { acceptor->close(); });
  for (const auto& loop : loops) {
    boost::asio::post(loop->context, [loop = loop.get()] {
      for (Connection* connection : loop->connections) connection->stop();
    });
  }
  {
    std::unique_lock lock(shared.mutex);
    const std::chrono::milliseconds patience(shared.options.graceful_stop_ms);
    shared.all_closed.wait_for(lock, patience, [this] { return shared.connections == 0; });
  }
  for (const auto& loop : loops) {
    boost::asio::post(loop->context, [loop = loop.get()] {
      for (Connection* connection : loop->connections) connection->abort();
    });
  }
  shared.pool.stop();
  {
    std::unique_lock lock(shared.mutex);
    shared.all_closed.wait(lock, [this] { return shared.connections == 0; });
  }
  for (const auto& loop : loops) loop->context.stop();
  for (const auto& loop : loops) loop->thread.join();
}

Server::Server(ServerOptions options, Router router)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(router))) {}

Server::~Server() { stop(); }

void Server::start() {
  CHECK(!std::exchange(impl_->started, true));
  boost::asio::co_spawn(impl_->loops.front()->context, impl_->accept(), boost::asio::detached);
  for (const auto& loop : impl_->loops) {
    loop->thread = std::thread([loop = loop.get()] {
      base::name_thread("sockets");
      const auto guard = boost::asio::make_work_guard(loop->context);
      loop->context.run();
    });
  }
}

void Server::stop() { impl_->stop(); }

std::uint16_t Server::port() const { return impl_->port; }

}  // namespace annals::http
