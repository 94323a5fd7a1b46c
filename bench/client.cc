#include "bench/client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <deque>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "bench/clock.h"
#include "bench/requests.h"

namespace annals::bench {
namespace {

constexpr std::size_t kReadBytes = 256 * 1024;
constexpr std::size_t kHeadBytesMax = 16 * 1024;
constexpr int kEventsMax = 256;
constexpr std::int64_t kWaitNsMax = 20'000'000;
constexpr std::int64_t kLastReplyNs = 10'000'000'000;  // for what is on its way at the end
constexpr std::size_t kProblemBytes = 300;
constexpr std::uint64_t kErrorsMax = 100'000;
constexpr rlim_t kFilesBeside = 64;

struct Connection {
  int fd = -1;
  bool busy = false;
  bool waits_to_send = false;
  std::int64_t began = 0;  // when its request was due
  std::int64_t sent_at = 0;
  std::string request;
  std::size_t sent = 0;
  std::string head;  // of the reply, until it is whole
  int status = 0;    // 0 until the head is whole
  std::uint64_t body_left = 0;
  bool retry_after = false;
};

// The value of a field in a reply's head, whose name is given as `\nname:` in lower case.
std::string_view value_of(std::string_view head, std::string_view name) {
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; };
  for (std::size_t at = head.find('\n'); at != std::string_view::npos;
       at = head.find('\n', at + 1)) {
    const std::string_view line = head.substr(at, name.size());
    if (!std::equal(line.begin(), line.end(), name.begin(), name.end(), same)) continue;
    std::string_view value = head.substr(at + name.size());
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    return value.substr(0, value.find('\r'));
  }
  return {};
}

std::uint64_t length_of(std::string_view digits) {
  std::uint64_t length = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), length);
  return length;
}

class Load {
 public:
  Load(const LoadOptions& options, Requests& requests)
      : options_(options),
        requests_(requests),
        connections_(options.connections),
        buffer_(kReadBytes),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    allow_files(connections_.size() + kFilesBeside);
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      if (!connect(i)) throw std::runtime_error("the server cannot be reached");
      idle_.push_back(i);
    }
  }
  ~Load() {
    for (const Connection& connection : connections_) ::close(connection.fd);
    ::close(epoll_);
  }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  LoadResult run() {
    begin_ = now_ns();
    counted_from_ = begin_ + to_ns(options_.warmup_seconds);
    end_ = counted_from_ + to_ns(options_.seconds);
    next_due_ = begin_;
    std::array<epoll_event, kEventsMax> events{};
    while (true) {
      const std::int64_t now = now_ns();
      const bool over = now >= end_ || is_enough() || errors_ > kErrorsMax;
      if (over && end_ > now) end_ = now;
      if (over && (busy_ == 0 || now > end_ + kLastReplyNs)) break;
      if (!over) start_due(now);
      const int ready = wait(events, over, now);
      for (int i = 0; i < ready; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        serve(event.data.u64, event.events);
      }
    }
    if (busy_ > 0) result_.errors["unanswered"] += busy_;
    result_.seconds = static_cast<double>(end_ - counted_from_) / 1e9;
    return result_;
  }

 private:
  [[nodiscard]] bool open_loop() const { return options_.rate > 0; }
  [[nodiscard]] bool is_enough() const {
    return options_.requests > 0 && started_ >= options_.requests;
  }

  static void allow_files(rlim_t count) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= count) return;
    limit.rlim_cur = std::min(count, limit.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }

  bool connect(std::size_t index) {
    Connection& connection = connections_[index];
    connection = Connection{};
    connection.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(options_.port);
    ::inet_pton(AF_INET, options_.host.c_str(), &address.sin_addr);
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): as the sockets API has it
    const auto* to = reinterpret_cast<const sockaddr*>(&address);
    // A server whose backlog is full must not hold up the other connections.
    if (::connect(connection.fd, to, sizeof(address)) != 0 && errno != EINPROGRESS) {
      ::close(connection.fd);
      connection.fd = -1;
      return false;
    }
    const int yes = 1;
    ::setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = index;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd, &event);
    return true;
  }

  void start_due(std::int64_t now) {
    while (!idle_.empty() && !is_enough()) {
      std::int64_t due = now;
      if (open_loop()) {
        if (next_due_ > now) return;
        due = next_due_;
        next_due_ += static_cast<std::int64_t>(1e9 / options_.rate);
      }
      const std::size_t index = idle_.front();
      idle_.pop_front();
      start(index, due);
    }
    if (!open_loop()) return;
    const std::int64_t oldest = now - to_ns(options_.backlog_seconds);
    if (next_due_ >= oldest) return;
    const auto interval = static_cast<std::int64_t>(1e9 / options_.rate);
    const std::int64_t left = (oldest - next_due_) / interval;
    next_due_ += left * interval;
    if (now >= counted_from_) result_.left += static_cast<std::uint64_t>(left);
  }

  void start(std::size_t index, std::int64_t due) {
    Connection& connection = connections_[index];
    if (connection.fd < 0 && !connect(index)) {
      ++result_.errors["connect"];
      ++errors_;
      idle_.push_back(index);
      return;
    }
    requests_.next(connection.request);
    connection.began = due;
    connection.sent_at = open_loop() ? now_ns() : due;
    connection.busy = true;
    connection.sent = 0;
    connection.status = 0;
    connection.head.clear();
    ++busy_;
    ++started_;
    if (due >= counted_from_) ++result_.sent;
    send_more(index);
  }

  void send_more(std::size_t index) {
    Connection& connection = connections_[index];
    const std::size_t left = connection.request.size() - connection.sent;
    const ssize_t n = ::send(connection.fd, connection.request.data() + connection.sent, left,
                             MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN && errno != ENOTCONN) {
      drop(index, "reset");
      return;
    }
    connection.sent += n > 0 ? static_cast<std::size_t>(n) : 0;
    const bool waits = connection.sent < connection.request.size();
    if (waits == connection.waits_to_send) return;
    connection.waits_to_send = waits;
    epoll_event event{};
    event.events = waits ? EPOLLIN | EPOLLOUT : EPOLLIN;
    event.data.u64 = index;
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd, &event);
  }

  int wait(std::array<epoll_event, kEventsMax>& events, bool over, std::int64_t now) const {
    std::int64_t until = now + kWaitNsMax;
    if (!over) {
      until = std::min(until, end_);
      if (open_loop() && !idle_.empty()) until = std::min(until, next_due_);
    }
    const std::int64_t ns = std::max<std::int64_t>(until - now, 0);
    const timespec timeout{.tv_sec = ns / 1'000'000'000, .tv_nsec = ns % 1'000'000'000};
    return ::epoll_pwait2(epoll_, events.data(), kEventsMax, &timeout, nullptr);
  }

  void serve(std::size_t index, std::uint32_t events) {
    Connection& connection = connections_[index];
    if (connection.fd < 0) return;
    if ((events & EPOLLOUT) != 0) send_more(index);
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0 || connection.fd < 0) return;
    const ssize_t n = ::recv(connection.fd, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
      drop(index, connection.busy ? "reset" : "closed");
      return;
    }
    read(index, {buffer_.data(), static_cast<std::size_t>(n)});
  }

  void read(std::size_t index, std::string_view bytes) {
    Connection& connection = connections_[index];
    if (connection.status == 0) {
      connection.head += bytes;
      const std::size_t end = connection.head.find("\r\n\r\n");
      if (end == std::string::npos) {
        if (connection.head.size() > kHeadBytesMax) drop(index, "reply");
        return;
      }
      const std::string_view head(connection.head.data(), end + 4);
      std::from_chars(head.data() + 9, head.data() + 12, connection.status);
      connection.body_left = length_of(value_of(head, "\ncontent-length:"));
      connection.retry_after = !value_of(head, "\nretry-after:").empty();
      bytes = std::string_view(connection.head).substr(end + 4);
      note_problem(connection, bytes);
    }
    if (bytes.size() > connection.body_left || connection.status < 200) {
      drop(index, "reply");
      return;
    }
    connection.body_left -= bytes.size();
    if (connection.body_left == 0) finish(index);
  }

  void note_problem(const Connection& connection, std::string_view body) {
    if (connection.status / 100 == 2 || !result_.first_problem.empty()) return;
    result_.first_problem =
        std::to_string(connection.status) + " " + std::string(body.substr(0, kProblemBytes));
  }

  void finish(std::size_t index) {
    Connection& connection = connections_[index];
    const std::int64_t now = now_ns();
    if (connection.began >= counted_from_ && now < end_ + kLastReplyNs) {
      count(connection, now);
    }
    connection.busy = false;
    --busy_;
    if (!open_loop() && now < end_ && !is_enough()) {
      start(index, now);
    } else {
      idle_.push_back(index);
    }
  }

  void count(const Connection& connection, std::int64_t now) {
    ++result_.statuses[connection.status];
    const std::int64_t took = now - connection.began;
    if (connection.status / 100 == 2) {
      result_.answered.record(took);
      result_.entries += requests_.entries();
      const auto second = static_cast<std::size_t>((now - counted_from_) / 1'000'000'000);
      if (result_.by_second.size() <= second) result_.by_second.resize(second + 1);
      ++result_.by_second[second];
    } else if (connection.status == 429 || connection.status == 503) {
      result_.refused.record(now - connection.sent_at);
      if (!connection.retry_after) ++result_.without_retry_after;
    }
  }

  // The connection is lost; the next request on it connects anew.
  void drop(std::size_t index, const char* what) {
    Connection& connection = connections_[index];
    ::close(connection.fd);
    connection.fd = -1;
    ++result_.errors[what];
    ++errors_;
    if (!connection.busy) return;
    connection.busy = false;
    --busy_;
    idle_.push_back(index);
  }

  const LoadOptions options_;
  Requests& requests_;
  std::vector<Connection> connections_;
  std::deque<std::size_t> idle_;  // that was used longest ago first, as many clients would
  std::vector<char> buffer_;
  int epoll_ = -1;
  std::size_t busy_ = 0;
  std::uint64_t started_ = 0;
  std::uint64_t errors_ = 0;
  std::int64_t begin_ = 0;
  std::int64_t counted_from_ = 0;
  std::int64_t end_ = 0;
  std::int64_t next_due_ = 0;
  LoadResult result_;
};

}  // namespace

LoadResult run_load(const LoadOptions& options, Requests& requests) {
  Load load(options, requests);
  return load.run();
}

}  // namespace annals::bench
