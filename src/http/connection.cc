#include "http/connection.h"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/system/error_code.hpp>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/log.h"
#include "http/chunked.h"
#include "http/compression.h"
#include "http/event_channel.h"
#include "http/message.h"
#include "http/pool.h"
#include "http/problem.h"
#include "http/reply_head.h"
#include "http/request_head.h"
#include "http/router.h"
#include "http/server.h"
#include "http/wire.h"

namespace annals::http {
namespace {

using base::limits::kRequestHeaderBytesMax;

constexpr std::size_t kBufferBytesMin = 4 * 1024;
/// What is read of a body at once, and what a client must bring of a long one within one deadline.
constexpr std::size_t kBodyStepBytes = 64 * 1024;
/// What a client must take within one deadline while a reply is sent.
constexpr std::size_t kSendStepBytes = 64 * 1024;
constexpr std::int64_t kLingerMs = 1'000;
constexpr std::size_t kLingerBytesMax = 1024 * 1024;
constexpr base::Micros kMicrosPerMs = 1'000;
/// Who is refused and asks again at once would take the time that others' answers need: such a
/// connection is not read for so long, and for longer where many were refused, so that no more than
/// so many are a second. Who waits for as long as Retry-After says never meets it.
constexpr std::int64_t kRefusedPauseMsMin = 40;
constexpr std::int64_t kRefusedPauseMsMax = 1'000;
constexpr std::int64_t kRefusalsPerMsMax = 10;

base::Micros steady_now() { return base::system_clock().steady(); }

/// What the server refuses by itself, where base::Code has no word for it.
struct Refusal {
  int status;
  std::string detail;
};

/// Logs what a handler threw; nothing of its text, which may hold personal data.
void log_failure(std::string_view type, const std::string& request_id) {
  base::log(base::Level::kError, "a handler failed",
            {{"exception", type}, {"request_id", request_id}});
}

Response internal_problem(const std::string& request_id) {
  return problem(base::Error(base::Code::kInternal, ""), request_id);
}

/// Runs `work`; what it throws becomes a problem document.
template <class Work>
std::optional<Response> problem_of(const std::string& request_id, Work work) {
  try {
    work();
    return std::nullopt;
  } catch (const base::Error& error) {
    if (error.code() == base::Code::kInternal) log_failure("annals::base::Error", request_id);
    return problem(error, request_id);
  } catch (const std::exception& error) {
    log_failure(typeid(error).name(), request_id);
  } catch (...) {
    log_failure("unknown", request_id);
  }
  return internal_problem(request_id);
}

bool has_no_body(int status) { return status == 204 || status == 304; }

/// Closes an event source exactly once, whatever ends the connection.
class EventsEnd {
 public:
  EventsEnd(std::shared_ptr<EventSource> source, std::shared_ptr<EventChannel> channel)
      : source_(std::move(source)), channel_(std::move(channel)) {}
  ~EventsEnd() { close(); }
  EventsEnd(const EventsEnd&) = delete;
  EventsEnd& operator=(const EventsEnd&) = delete;

  void close() noexcept {
    channel_->close();
    const auto source = std::exchange(source_, nullptr);
    if (source == nullptr || !source->close) return;
    static_cast<void>(problem_of("", [&] { source->close(); }));
  }
  /// For a source that could not be opened.
  void forget() { source_ = nullptr; }

 private:
  std::shared_ptr<EventSource> source_;
  std::shared_ptr<EventChannel> channel_;
};

}  // namespace

Shared::Shared(ServerOptions server_options, Router server_router)
    : options(std::move(server_options)),
      router(std::move(server_router)),
      metrics(router),
      pool(static_cast<std::size_t>(std::max(1, options.handlers)),
           static_cast<std::size_t>(std::max(1, options.handlers_running)),
           {.jobs_max = options.queued_requests_max,
            .wait_us_max = options.queue_wait_ms * kMicrosPerMs,
            .late_us = options.queue_late_ms * kMicrosPerMs},
           base::system_clock()) {
  if (!options.tls_certificate_file.empty()) {
    tls = make_tls_context(options.tls_certificate_file, options.tls_key_file);
  }
}

void Shared::connection_opened() {
  const std::scoped_lock lock(mutex);
  ++connections;
  metrics.connections.add(1);
}

void Shared::connection_closed() {
  const std::scoped_lock lock(mutex);
  metrics.connections.add(-1);
  if (--connections == 0) all_closed.notify_all();
}

void Shared::request_refused() {
  metrics.queue_refusals.add();
  ++unlogged_refusals;
  const base::Micros now = steady_now();
  base::Micros before = refusals_logged_at;
  if (before != 0 && now - before < base::kMicrosPerSecond) return;
  if (!refusals_logged_at.compare_exchange_strong(before, now)) return;
  base::log(base::Level::kWarn, "requests were refused: there is more to do than can be done",
            {{"requests", unlogged_refusals.exchange(0)}});
}

void Loop::end_idlest() {
  boost::asio::post(context, [this] {
    if (!idle.empty()) idle.front()->stop();
  });
}

bool Share::take(std::size_t amount) {
  if (total_.fetch_add(amount) + amount > total_max_) {
    total_.fetch_sub(amount);
    return false;
  }
  amount_ += amount;
  return true;
}

void Share::release() { total_.fetch_sub(std::exchange(amount_, 0)); }

/// While it lives the connection waits for a request, and may be ended for one that brings one.
class Connection::Idling {
 public:
  explicit Idling(Connection& connection) : connection_(connection) {
    Loop& loop = connection_.loop_;
    place_ = loop.idle.insert(loop.idle.end(), &connection_);
    ++loop.idle_count;
    connection_.idle_ = true;
  }
  ~Idling() {
    connection_.idle_ = false;
    connection_.loop_.idle.erase(place_);
    --connection_.loop_.idle_count;
  }
  Idling(const Idling&) = delete;
  Idling& operator=(const Idling&) = delete;

 private:
  Connection& connection_;
  std::list<Connection*>::iterator place_;
};

Connection::Connection(Shared& shared, Loop& loop, Socket socket)
    : shared_(shared),
      loop_(loop),
      wire_(std::move(socket), shared.tls.get()),
      remote_address_(wire_.remote_address()),
      deadline_timer_(loop.context),
      bytes_held_(shared.bytes_held, shared.options.bytes_held_max),
      pause_timer_(loop.context) {
  shared_.connection_opened();
}

Connection::~Connection() {
  loop_.connections.erase(this);
  wire_.close();
  shared_.connection_closed();
}

Task<void> Connection::serve(std::shared_ptr<Connection> self) {
  self->loop_.connections.insert(self.get());
  if (self->shared_.stopping) co_return;
  self->set_deadline_in(self->shared_.options.request_deadline_ms);
  {
    const Idling idling(*self);
    if (!co_await self->wire_.handshake()) co_return;
  }
  while (co_await self->exchange()) {
  }
  co_await self->linger();
}

void Connection::stop() {
  if (idle_) wire_.cancel();
  pause_timer_.cancel();
}

void Connection::abort() {
  wire_.close();
  pause_timer_.cancel();
}

// ---- one request and its reply ----

Task<bool> Connection::exchange() {
  if (!co_await wait_for_request()) co_return false;
  started_ = steady_now();
  set_deadline(started_ + shared_.options.request_deadline_ms * kMicrosPerMs);
  request_.request_id = base::make_id(base::system_clock().now()).text();
  shared_.metrics.in_flight.add(1);
  bool alive = false;
  int status = 0;
  if (co_await receive()) {
    if (refusal_) {
      reply_ = std::move(*refusal_);
    } else {
      co_await answer_on_pool();
      hold_reply();
    }
    keep_alive_ = keep_alive_ && !shared_.stopping;
    alive = co_await send();
    alive = alive && keep_alive_;
    status = reply_.status;
  }
  shared_.metrics.in_flight.add(-1);
  if (status != 0) finish(status);
  head_ = {};
  request_ = {};
  reply_ = {};
  refusal_.reset();
  route_ = nullptr;
  bytes_held_.release();
  if (std::exchange(too_busy_, false) && alive) co_await rest_after_refusal();
  co_return alive;
}

/// The reply takes the place of the body in memory: a client that reads slowly holds it for long.
void Connection::hold_reply() {
  request_.body = {};
  bytes_held_.release();
  if (bytes_held_.take(reply_.body.size())) return;
  reply_ = problem(503, "The server holds as many replies as it can; try again soon.", {},
                   request_.request_id);
}

Response Connection::too_busy() {
  too_busy_ = true;
  shared_.request_refused();
  return problem(503, "The server has more to do than it can; try again soon.", {},
                 request_.request_id);
}

Task<void> Connection::rest_after_refusal() {
  set_deadline(kNever);
  if (shared_.stopping) co_return;
  boost::system::error_code ignored;
  const std::int64_t pause_ms =
      std::clamp(++loop_.resting / kRefusalsPerMsMax, kRefusedPauseMsMin, kRefusedPauseMsMax);
  pause_timer_.expires_after(std::chrono::milliseconds(pause_ms));
  co_await pause_timer_.async_wait(boost::asio::redirect_error(kAwait, ignored));
  --loop_.resting;
}

Task<bool> Connection::wait_for_request() {
  if (shared_.stopping) co_return false;
  if (!received().empty()) co_return true;
  if (buffer_.size() > kBufferBytesMin) buffer_ = {};
  set_deadline_in(shared_.options.keep_alive_idle_ms);
  const Idling idling(*this);
  const bool come = co_await fill();
  co_return come;
}

/// False where the client is gone. Else the request is whole, or `refusal_` says what to reply.
Task<bool> Connection::receive() {
  keep_alive_ = true;
  bool whole = false;
  try {
    whole = co_await receive_request();
    if (!whole && expired_) {
      throw Refusal{408, "The request did not come in whole within its time."};
    }
  } catch (const base::Error& error) {
    refusal_ = problem(error, request_.request_id);
  } catch (const Refusal& refusal) {
    refusal_ = problem(refusal.status, refusal.detail, {}, request_.request_id);
  }
  if (!whole && refusal_) {
    // Where the next request begins is not known.
    unread_ = true;
    keep_alive_ = false;
  }
  co_return whole || refusal_.has_value();
}

Task<bool> Connection::receive_request() {
  const bool has_head = co_await receive_head();
  if (!has_head) co_return false;
  if (!admit_head() || !head_.has_body()) co_return true;
  const bool has_body = co_await receive_body();
  co_return has_body;
}

/// Makes the request of its head. False where `refusal_` is the reply already.
bool Connection::admit_head() {
  keep_alive_ = head_.keep_alive;
  refusal_ = route();
  if (refusal_) {
    if (head_.has_body()) unread_ = true;
    keep_alive_ = keep_alive_ && !unread_;
    return false;
  }
  // Nobody sends a file for nothing; where the next request begins is then not known.
  if (route_->admission == Admission::kQueued && !body_is_small() && shared_.pool.is_full()) {
    refusal_ = too_busy();
    unread_ = true;
    keep_alive_ = false;
    return false;
  }
  request_.method = *head_.method;
  request_.path = std::move(head_.path);
  request_.query = std::move(head_.query);
  request_.headers = std::move(head_.headers);
  request_.remote_address = remote_address_;
  request_.tls = wire_.is_tls();
  return true;
}

bool Connection::body_is_small() const {
  return !head_.has_body() || (!head_.chunked && !head_.expects_continue &&
                               head_.content_length.value_or(0) <= kBodyStepBytes);
}

Task<bool> Connection::receive_head() {
  HeadScanner scanner;
  bool may_skip = true;
  for (;;) {
    // One empty line before a request is what old clients send after a body (RFC 9112 §2.2).
    if (may_skip && received().starts_with("\r\n")) begin_ += 2;
    may_skip = may_skip && (received().empty() || received() == "\r");
    if (!may_skip) {
      if (const auto size = scanner.scan(received())) {
        head_ = parse_head(received().substr(0, *size));
        begin_ += *size;
        co_return true;
      }
    }
    if (received().size() >= kRequestHeaderBytesMax) {
      throw Refusal{431, "A request's header may have 16 KiB."};
    }
    if (!co_await fill()) co_return false;
  }
}

/// Sets route_, or gives the reply that says why there is none.
std::optional<Response> Connection::route() {
  if (head_.whole_server) {
    Response reply = Response::empty();
    reply.headers.emplace_back("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    return reply;
  }
  auto match = shared_.router.find(head_.method.value_or(Method::kOptions), head_.path);
  if (match.route != nullptr && head_.method) {
    route_ = match.route;
    request_.path_parameters = std::move(match.path_parameters);
    return std::nullopt;
  }
  if (match.route != nullptr) match.allow = name_of(match.route->method);
  if (match.allow.empty()) {
    return problem(404, "There is nothing at this address.", {}, request_.request_id);
  }
  Response reply = head_.method == Method::kOptions
                       ? Response::empty()
                       : problem(405, "This address takes other methods: " + match.allow + ".", {},
                                 request_.request_id);
  reply.headers.emplace_back("Allow", match.allow);
  return reply;
}

Task<bool> Connection::receive_body() {
  const std::size_t bytes_max = route_->body_bytes_max;
  if (head_.content_length.value_or(0) > bytes_max) {
    throw base::Error(base::Code::kTooLarge,
                      "The body may have " + std::to_string(bytes_max) + " bytes here.",
                      {{"body", "too_large", "Send less."}});
  }
  // Who waits to be told to send is told no before anything is sent.
  if (route_->take_body) {
    hold_body_bytes(kBodyStepBytes);
    const bool begun = co_await step_on_pool(
        [this] { request_.sink = route_->take_body(request_); }, Pool::Entry::kBounded);
    if (!begun) co_return false;
    set_deadline_in(shared_.options.request_deadline_ms);
  }
  if (head_.expects_continue && received().empty()) {
    const bool sent = co_await wire_.write("HTTP/1.1 100 Continue\r\n\r\n", {});
    if (!sent) co_return false;
  }
  if (route_->take_body) co_return co_await receive_pieces(bytes_max);
  body_step_end_ = 0;
  body_progressed();
  if (head_.chunked) co_return co_await receive_chunks(bytes_max);
  co_return co_await receive_bytes(static_cast<std::size_t>(*head_.content_length));
}

/// A route that gives a body more time gives it to who sends: each step of the body has as long as
/// a short request has.
void Connection::body_progressed() {
  if (route_->body_deadline_ms == base::limits::kRequestDeadlineMs) return;
  if (request_.body.size() < body_step_end_) return;
  body_step_end_ = request_.body.size() + kBodyStepBytes;
  set_deadline(std::min(steady_now() + shared_.options.request_deadline_ms * kMicrosPerMs,
                        started_ + route_->body_deadline_ms * kMicrosPerMs));
}

void Connection::hold_body_bytes(std::size_t bytes) {
  if (bytes_held_.take(bytes)) return;
  throw base::Error(base::Code::kUnavailable,
                    "The server holds as many request bodies as it can; try again soon.");
}

Task<bool> Connection::receive_chunks(std::size_t bytes_max) {
  ChunkedReader reader;
  for (;;) {
    const std::size_t before = request_.body.size();
    begin_ += reader.read(received(), request_.body, bytes_max);
    hold_body_bytes(request_.body.size() - before);
    body_progressed();
    if (reader.done()) co_return true;
    if (!co_await fill()) co_return false;
  }
}

Task<bool> Connection::receive_bytes(std::size_t length) {
  std::string& body = request_.body;
  const std::string_view here = received().substr(0, length);
  hold_body_bytes(here.size());
  body = here;
  begin_ += here.size();
  while (body.size() < length) {
    if (expired_) co_return false;
    const std::size_t had = body.size();
    const std::size_t step = std::min(length - had, kBodyStepBytes);
    body.resize(had + step);
    const std::size_t size = co_await wire_.read(std::span<char>(body).subspan(had, step));
    body.resize(had + size);
    if (size == 0) co_return false;
    hold_body_bytes(size);
    body_progressed();
  }
  co_return true;
}

/// Whatever the body's length, one piece of it is held at a time. Each has as long to come as a
/// short request has.
Task<bool> Connection::receive_pieces(std::size_t bytes_max) {
  ChunkedReader chunks;
  std::size_t left = head_.chunked ? bytes_max : *head_.content_length;
  for (bool more = true; more;) {
    set_deadline(std::min(steady_now() + shared_.options.request_deadline_ms * kMicrosPerMs,
                          started_ + route_->body_deadline_ms * kMicrosPerMs));
    std::string piece;
    const bool come = co_await receive_piece(piece, left, chunks);
    if (!come) co_return false;
    more = head_.chunked ? !chunks.done() : left > 0;
    const bool taken = co_await step_on_pool([this, &piece] { request_.sink->write(piece); },
                                             Pool::Entry::kAdmitted);
    if (!taken) co_return false;
  }
  co_return true;
}

/// `left` is what may still come of the body.
Task<bool> Connection::receive_piece(std::string& piece, std::size_t& left, ChunkedReader& chunks) {
  for (;;) {
    const std::size_t before = piece.size();
    if (head_.chunked) {
      begin_ += chunks.read(received(), piece, before + left);
    } else {
      piece += received().substr(0, std::min(left, kBodyStepBytes - before));
      begin_ += piece.size() - before;
    }
    left -= piece.size() - before;
    if (piece.size() >= kBodyStepBytes || (head_.chunked ? chunks.done() : left == 0))
      co_return true;
    if (!co_await fill()) co_return false;
  }
}

/// False where `refusal_` says why it did not come through.
Task<bool> Connection::step_on_pool(std::function<void()> step, Pool::Entry entry) {
  set_deadline(kNever);
  const auto work = [&] { refusal_ = problem_of(request_.request_id, step); };
  const bool taken = co_await run_on(&shared_.pool, entry, work);
  if (!taken) refusal_ = too_busy();
  co_return !refusal_.has_value();
}

Response Connection::answer(const std::function<Response()>& make) const {
  Response reply;
  auto failure = problem_of(request_.request_id, [&] { reply = make(); });
  if (failure) return std::move(*failure);
  if (is_sendable(reply)) return reply;
  log_failure("a header that cannot be sent", request_.request_id);
  return internal_problem(request_.request_id);
}

Task<void> Connection::answer_on_pool() {
  set_deadline(kNever);
  const auto handle = [this] { return route_->handler(request_); };
  if (route_->admission == Admission::kAtOnce) {
    reply_ = answer(handle);
    co_return;
  }
  const auto entry =
      route_->admission == Admission::kAlways ? Pool::Entry::kAdmitted : Pool::Entry::kBounded;
  const auto work = [this, &handle](const auto& keep) {
    reply_ = answer([&] {
      Response reply = handle();
      compress(request_, reply);
      return reply;
    });
    if (!reply_.later) return;
    const LaterReply begin = std::move(reply_.later);
    // Once the reply is given the caller goes on: nothing of it is touched after that.
    const auto give = [this, go_on = keep()](std::function<Response()> make) {
      late_reply_ = std::move(make);
      go_on();
    };
    try {
      begin(give);
    } catch (...) {
      give([error = std::current_exception()]() -> Response { std::rethrow_exception(error); });
    }
  };
  const bool taken = co_await run_until_on(&shared_.pool, entry, work);
  if (!taken) reply_ = too_busy();
  if (late_reply_) reply_ = answer(std::exchange(late_reply_, nullptr));
}

void Connection::finish(int status) {
  const base::Micros duration_us = steady_now() - started_;
  shared_.metrics.count(route_, status, duration_us);
  if (too_busy_) return;  // a line each would cost more than the refusal
  const base::Level level = status >= 500   ? base::Level::kWarn
                            : status >= 400 ? base::Level::kInfo
                                            : base::Level::kDebug;
  base::log(level, "request",
            {{"method", route_ == nullptr ? "" : name_of(request_.method)},
             {"route", route_ == nullptr ? std::string_view() : route_->pattern},
             {"status", std::int64_t{status}},
             {"duration_us", duration_us},
             {"request_id", request_.request_id}});
}

// ---- sending ----

void Connection::write_head(std::optional<std::size_t> length, bool chunked) {
  const base::Micros now = base::system_clock().now();
  if (const base::Micros second = now - now % base::kMicrosPerSecond; second != loop_.date_at) {
    loop_.date = http_date(now);
    loop_.date_at = second;
  }
  out_.clear();
  write_reply_head(out_, reply_, {length, chunked, keep_alive_, head_.http_1_0},
                   request_.request_id, loop_.date);
}

Task<bool> Connection::send() {
  if (reply_.events && request_.method != Method::kHead) co_return co_await send_events();
  if (reply_.stream) co_return co_await send_stream();
  co_return co_await send_whole();
}

Task<bool> Connection::send_whole() {
  const bool bodiless = has_no_body(reply_.status);
  write_head(bodiless ? std::nullopt : std::optional(reply_.body.size()), false);
  const bool head_only = bodiless || request_.method == Method::kHead;
  co_return co_await send_bytes(out_, head_only ? std::string_view() : reply_.body);
}

Task<bool> Connection::send_bytes(std::string_view first, std::string_view second) {
  for (;;) {
    set_deadline_in(shared_.options.request_deadline_ms);
    const std::string_view step = second.substr(0, kSendStepBytes);
    const bool sent = co_await wire_.write(first, step);
    // What the system has taken already would go on for as long as the client pleases.
    if (expired_) wire_.drop_unsent();
    if (!sent || expired_) co_return false;
    second.remove_prefix(step.size());
    if (second.empty()) co_return true;
    first = {};
  }
}

Task<bool> Connection::send_piece(std::string piece, bool chunked) {
  if (!chunked) {
    const bool sent = co_await send_bytes(out_, piece);
    out_.clear();
    co_return sent;
  }
  std::array<char, 16> digits{};
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), piece.size(), 16).ptr;
  out_.append(digits.data(), end).append("\r\n");
  piece += "\r\n";
  const bool sent = co_await send_bytes(out_, piece);
  out_.clear();
  co_return sent;
}

/// The head waits for the first piece, so that a source that fails at once is a problem document.
Task<bool> Connection::send_stream() {
  if (request_.method == Method::kHead || has_no_body(reply_.status)) {
    write_head(std::nullopt, !head_.http_1_0 && !has_no_body(reply_.status));
    co_return co_await send_bytes(out_, {});
  }
  const bool chunked = !head_.http_1_0;
  bool begun = false;
  for (;;) {
    set_deadline(kNever);
    std::string piece;
    std::optional<Response> failure;
    const auto next = [&] {
      failure = problem_of(request_.request_id, [&] { piece = reply_.stream(); });
    };
    if (!co_await run_on(&shared_.pool, Pool::Entry::kAdmitted, next)) co_return false;
    if (failure && begun) co_return false;
    if (failure) {
      reply_ = std::move(*failure);
      co_return co_await send_whole();
    }
    if (!begun) {
      keep_alive_ = keep_alive_ && chunked;
      write_head(std::nullopt, chunked);
      begun = true;
    }
    bytes_held_.release();
    if (!bytes_held_.take(piece.size())) co_return false;
    const bool last = piece.empty();
    if (!co_await send_piece(std::move(piece), chunked)) co_return false;
    if (last) co_return true;
  }
}

// ---- server-sent events ----

Task<bool> Connection::send_events() {
  const auto source = std::move(reply_.events);
  Share place(shared_.event_streams, shared_.options.event_streams_max);
  if (!place.take(1)) {
    reply_ =
        problem(503, "As many listen to events as can; try again later.", {}, request_.request_id);
    co_return co_await send_whole();
  }
  keep_alive_ = false;
  reply_.headers.emplace_back("Content-Type", "text/event-stream");
  reply_.headers.emplace_back("X-Accel-Buffering", "no");
  write_head(std::nullopt, !head_.http_1_0);
  if (!co_await send_bytes(out_, {})) co_return false;
  out_ = {};
  buffer_ = {};
  begin_ = end_ = 0;
  set_deadline(kNever);

  const auto channel =
      std::make_shared<EventChannel>([executor = wire_.executor(), weak = weak_from_this()] {
        boost::asio::post(executor, [weak] {
          if (const auto self = weak.lock()) self->wake_events();
        });
      });
  channel_ = channel;
  EventsEnd end(source, channel);
  std::optional<Response> failure;
  const auto open = [&] {
    failure = problem_of(request_.request_id, [&] { source->open(channel); });
  };
  const bool opened = co_await run_on(&shared_.pool, Pool::Entry::kAdmitted, open);
  if (!opened || failure) {
    end.forget();
    co_return false;
  }
  shared_.metrics.in_flight.add(-1);
  shared_.metrics.event_streams.add(1);
  watch_client();
  co_await send_events_until_end(channel);
  shared_.metrics.event_streams.add(-1);
  shared_.metrics.in_flight.add(1);
  channel->close();
  channel_.reset();
  wire_.cancel();
  co_await run_on(&shared_.pool, Pool::Entry::kAdmitted, [&end] { end.close(); });
  co_return false;
}

Task<void> Connection::send_events_until_end(std::shared_ptr<EventChannel> channel) {
  const bool chunked = !head_.http_1_0;
  const base::Micros ping_every = shared_.options.stream_ping_ms * kMicrosPerMs;
  base::Micros ping_at = steady_now() + ping_every;
  while (!client_gone_ && !channel->overflowed() && !shared_.stopping) {
    const bool ended = channel->ended();
    std::string waiting = channel->take();
    if (waiting.empty() && ended) break;
    const base::Micros now = steady_now();
    if (waiting.empty() && now < ping_at) {
      boost::system::error_code ignored;
      pause_timer_.expires_after(std::chrono::microseconds(ping_at - now));
      co_await pause_timer_.async_wait(boost::asio::redirect_error(kAwait, ignored));
      continue;
    }
    if (waiting.empty()) waiting = ": ping\n\n";
    if (!co_await send_piece(std::move(waiting), chunked)) co_return;
    set_deadline(kNever);
    ping_at = steady_now() + ping_every;
  }
  if (client_gone_ || channel->overflowed() || !chunked) co_return;
  co_await send_piece({}, chunked);
}

void Connection::wake_events() {
  pause_timer_.cancel();
  if (client_gone_ || (channel_ != nullptr && channel_->overflowed())) wire_.cancel();
}

void Connection::watch_client() {
  wire_.watch([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr || self->channel_ == nullptr) return;
    if (self->wire_.silent()) return self->watch_client();
    self->client_gone_ = true;
    self->wake_events();
  });
}

// ---- bytes and time ----

std::string_view Connection::received() const { return {buffer_.data() + begin_, end_ - begin_}; }

Task<bool> Connection::fill() {
  if (expired_) co_return false;
  if (begin_ == end_) begin_ = end_ = 0;
  if (begin_ > 0 && end_ == buffer_.size()) {
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
              buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) {
    buffer_.resize(std::clamp(buffer_.size() * 2, kBufferBytesMin, kRequestHeaderBytesMax));
  }
  const std::size_t size = co_await wire_.read(std::span<char>(buffer_).subspan(end_));
  end_ += size;
  co_return size > 0;
}

void Connection::set_deadline(base::Micros at) {
  deadline_ = at;
  expired_ = false;
  if (at < armed_for_) arm_deadline(steady_now());
}

void Connection::set_deadline_in(std::int64_t ms) {
  set_deadline(steady_now() + ms * kMicrosPerMs);
}

void Connection::arm_deadline(base::Micros now) {
  armed_for_ = deadline_;
  deadline_timer_.expires_after(
      std::chrono::microseconds(std::max<base::Micros>(0, deadline_ - now)));
  deadline_timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    if (error) return;
    if (const auto self = weak.lock()) self->deadline_timer_fired();
  });
}

void Connection::deadline_timer_fired() {
  armed_for_ = kNever;
  if (deadline_ == kNever) return;
  const base::Micros now = steady_now();
  if (now < deadline_) return arm_deadline(now);
  expired_ = true;
  wire_.cancel();
}

Task<void> Connection::linger() {
  if (!unread_ || shared_.stopping) {
    wire_.end();
    co_return;
  }
  // Closing with bytes unread would reset the connection and may destroy the reply on its way.
  wire_.end();
  set_deadline_in(kLingerMs);
  if (buffer_.size() < kBufferBytesMin) buffer_.resize(kBufferBytesMin);
  for (std::size_t thrown_away = 0; thrown_away < kLingerBytesMax && !expired_;) {
    const std::size_t size = co_await wire_.read(buffer_);
    if (size == 0) co_return;
    thrown_away += size;
  }
}

}  // namespace annals::http
