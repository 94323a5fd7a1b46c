// One client's connection from its first byte to its last: reads requests, has them answered on
// the pool, sends the replies. Private to the server. Belongs to its loop's thread.
#pragma once
#include <atomic>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/wait_traits.hpp>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <limits>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "http/chunked.h"
#include "http/event_channel.h"
#include "http/message.h"
#include "http/pool.h"
#include "http/request_head.h"
#include "http/request_metrics.h"
#include "http/router.h"
#include "http/server.h"
#include "http/wire.h"

namespace annals::http {

class Connection;

/// One thread's sockets.
struct Loop {
  /// Ends the connection that has waited longest for a request; for any thread.
  void end_idlest();

  // Touched by this loop's thread alone.
  std::unordered_set<Connection*> connections;
  std::list<Connection*> idle;  // that wait for a request, longest first
  std::int64_t resting = 0;     // connections that are not read, since they were refused
  std::atomic<std::size_t> idle_count = 0;
  boost::asio::io_context context{1};  // its end may end connections: after the set
  base::Micros date_at = 0;            // the second that `date` shows
  std::string date;
  std::thread thread;
};

/// What all connections of a server share.
struct Shared {
  Shared(ServerOptions server_options, Router server_router);

  /// Counts a connection in and out; stop() waits for the last.
  void connection_opened();
  void connection_closed();
  /// Counts a request that the queue did not take, and has the log know, a line a second at most.
  void request_refused();

  const ServerOptions options;
  const Router router;
  RequestMetrics metrics;
  TlsContext tls;
  Pool pool;
  std::atomic<std::size_t> bytes_held = 0;  // of all bodies and replies in memory
  std::atomic<std::size_t> event_streams = 0;
  std::atomic<bool> stopping = false;
  std::mutex mutex;
  std::condition_variable all_closed;
  std::size_t connections = 0;  // under mutex
  std::atomic<std::int64_t> unlogged_refusals = 0;
  std::atomic<base::Micros> refusals_logged_at = 0;
};

/// A part of what all take together from a limit; given back at its end.
class Share {
 public:
  Share(std::atomic<std::size_t>& total, std::size_t total_max)
      : total_(total), total_max_(total_max) {}
  ~Share() { release(); }
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;

  /// False, with nothing taken, where the total would pass its limit.
  bool take(std::size_t amount);
  void release();

 private:
  std::atomic<std::size_t>& total_;
  const std::size_t total_max_;
  std::size_t amount_ = 0;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Shared& shared, Loop& loop, Socket socket);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Lives until the connection has ended.
  static Task<void> serve(std::shared_ptr<Connection> self);
  /// Ends it now where it waits for a request, else after the reply.
  void stop();
  /// Ends it now.
  void abort();

 private:
  static constexpr base::Micros kNever = std::numeric_limits<base::Micros>::max();
  class Idling;

  Task<bool> exchange();
  Task<bool> wait_for_request();
  Task<bool> receive();
  Task<bool> receive_request();
  Task<bool> receive_head();
  Task<bool> receive_body();
  Task<bool> receive_chunks(std::size_t bytes_max);
  Task<bool> receive_bytes(std::size_t length);
  Task<bool> receive_pieces(std::size_t bytes_max);
  Task<bool> receive_piece(std::string& piece, std::size_t& left, ChunkedReader& chunks);
  Task<bool> step_on_pool(std::function<void()> step, Pool::Entry entry);
  void hold_body_bytes(std::size_t bytes);
  void body_progressed();
  bool admit_head();
  bool body_is_small() const;
  std::optional<Response> route();
  Response answer(const std::function<Response()>& make) const;
  Task<void> answer_on_pool();
  void hold_reply();
  Response too_busy();
  Task<void> rest_after_refusal();

  Task<bool> send();
  Task<bool> send_whole();
  Task<bool> send_stream();
  Task<bool> send_events();
  Task<void> send_events_until_end(std::shared_ptr<EventChannel> channel);
  Task<bool> send_piece(std::string piece, bool chunked);
  Task<bool> send_bytes(std::string_view first, std::string_view second);
  void write_head(std::optional<std::size_t> length, bool chunked);
  void finish(int status);
  Task<void> linger();

  [[nodiscard]] std::string_view received() const;
  Task<bool> fill();
  void set_deadline(base::Micros at);
  void set_deadline_in(std::int64_t ms);
  void arm_deadline(base::Micros now);
  void deadline_timer_fired();
  void wake_events();
  void watch_client();

  using Timer = boost::asio::basic_waitable_timer<
      std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

  Shared& shared_;
  Loop& loop_;
  Wire wire_;
  const std::string remote_address_;

  std::vector<char> buffer_;  // what has come and is not yet used: [begin_, end_)
  std::size_t begin_ = 0;
  std::size_t end_ = 0;

  Timer deadline_timer_;
  base::Micros deadline_ = kNever;
  base::Micros armed_for_ = kNever;  // when the timer fires, which may be before the deadline
  bool expired_ = false;

  bool idle_ = false;    // between two requests
  bool unread_ = false;  // closes before all of a request was read

  // The request that is being answered.
  base::Micros started_ = 0;
  RequestHead head_;
  Request request_;
  std::size_t body_step_end_ = 0;  // of the body, to be reached within the deadline
  Share bytes_held_;               // of the body, then of the reply
  const Route* route_ = nullptr;
  std::optional<Response> refusal_;
  Response reply_;
  std::function<Response()> late_reply_;
  bool keep_alive_ = true;
  bool too_busy_ = false;  // the reply is that of the full queue
  std::string out_;

  Timer pause_timer_;  // between events, and after a refusal
  std::shared_ptr<EventChannel> channel_;
  bool client_gone_ = false;
};

}  // namespace annals::http
