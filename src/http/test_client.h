// For tests: a client that sends exactly the bytes it is told to, and reads what comes.
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "http/server.h"

namespace annals::http {

inline ServerOptions on_free_port() {
  ServerOptions options;
  options.port = 0;
  return options;
}

struct RawReply {
  int status = 0;
  std::string head;
  std::string body;      // without chunk sizes
  bool complete = true;  // false: cut before its end

  /// The first value of that header (lower case); empty where there is none.
  [[nodiscard]] std::string header(std::string_view name) const {
    for (std::size_t at = head.find("\r\n"); at + 2 < head.size();) {
      const std::size_t end = head.find("\r\n", at + 2);
      const std::string line = head.substr(at + 2, end - at - 2);
      const std::size_t colon = line.find(':');
      if (colon != std::string::npos && base::ascii_lower(line.substr(0, colon)) == name) {
        return std::string(base::trim(line.substr(colon + 1)));
      }
      at = end;
    }
    return {};
  }
};

/// Tries until `condition` holds; false where it never does.
template <class Condition>
bool eventually(Condition condition) {
  for (int tries = 0; tries < 4'000; ++tries) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

/// Holds back whoever waits until it is opened, and counts them.
class Gate {
 public:
  void wait() {
    std::unique_lock lock(mutex_);
    ++arrived_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void open() {
    const std::scoped_lock lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void await_arrivals(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return arrived_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int arrived_ = 0;
  bool open_ = false;
};

class RawClient {
 public:
  static constexpr int kPatienceMs = 20'000;

  /// `receive_bytes`: of the socket's buffer, where a test wants a client that is soon full.
  explicit RawClient(std::uint16_t port, int receive_bytes = 0)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int one = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (receive_bytes > 0) {
      ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): as the system's call asks
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("cannot connect");
    }
  }
  ~RawClient() { ::close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  /// False where the server has closed already.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  [[nodiscard]] int descriptor() const { return socket_; }

  void end_sending() { ::shutdown(socket_, SHUT_WR); }

  /// The next reply; status 0 where the connection ended before one began.
  RawReply reply(bool to_head = false) {
    RawReply reply;
    std::size_t end = std::string::npos;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
      if (!more()) {
        reply.complete = false;
        return reply;
      }
    }
    reply.head = received_.substr(0, end + 2);
    received_.erase(0, end + 4);
    reply.status = std::atoi(reply.head.c_str() + 9);
    if (to_head || reply.status == 204 || reply.status == 304 || reply.status == 100) return reply;
    if (reply.header("transfer-encoding") == "chunked") {
      read_chunks(reply);
    } else if (const std::string length = reply.header("content-length"); !length.empty()) {
      reply.complete = take(std::stoul(length), reply.body);
    } else {
      while (more()) continue;
      reply.body = std::exchange(received_, {});
    }
    return reply;
  }

  RawReply ask(std::string_view bytes) {
    send(bytes);
    return reply();
  }

  /// All that comes until the server closes.
  std::string rest() {
    while (more()) continue;
    return std::exchange(received_, {});
  }

  /// Waits until `text` has come, and gives all up to its end; nothing where it never does.
  std::optional<std::string> until(std::string_view text) {
    std::size_t at = std::string::npos;
    while ((at = received_.find(text)) == std::string::npos) {
      if (!more()) return std::nullopt;
    }
    std::string all = received_.substr(0, at + text.size());
    received_.erase(0, at + text.size());
    return all;
  }

  /// Whether the server closes, having sent nothing more.
  bool closed() { return rest().empty() && !timed_out_; }

 private:
  bool more() {
    pollfd ready{socket_, POLLIN, 0};
    if (::poll(&ready, 1, kPatienceMs) <= 0) {
      timed_out_ = true;
      return false;
    }
    char bytes[16 * 1024];
    const ssize_t size = ::recv(socket_, bytes, sizeof bytes, 0);
    if (size <= 0) return false;
    received_.append(bytes, static_cast<std::size_t>(size));
    return true;
  }

  bool take(std::size_t size, std::string& into) {
    while (received_.size() < size) {
      if (!more()) return false;
    }
    into += received_.substr(0, size);
    received_.erase(0, size);
    return true;
  }

  void read_chunks(RawReply& reply) {
    for (;;) {
      const auto line = until("\r\n");
      reply.complete = line.has_value();
      if (!line) return;
      const std::size_t size = std::stoul(*line, nullptr, 16);
      std::string end;
      reply.complete = take(size, reply.body) && take(2, end);
      if (!reply.complete || size == 0) return;
    }
  }

  int socket_;
  bool timed_out_ = false;
  std::string received_;
};

}  // namespace annals::http
