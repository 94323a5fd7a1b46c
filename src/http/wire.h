// One client's byte stream, plain or in TLS. Private to the server. Belongs to one thread.
#pragma once
#include <openssl/ssl.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace annals::http {

using Executor = boost::asio::io_context::executor_type;
template <class T>
using Task = boost::asio::awaitable<T, Executor>;
inline constexpr boost::asio::use_awaitable_t<Executor> kAwait;
using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Executor>;

struct FreeTls {
  void operator()(SSL* tls) const { SSL_free(tls); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using TlsContext = std::unique_ptr<SSL_CTX, FreeTls>;

class Wire {
 public:
  /// `context` outlives the wire; null: plain.
  Wire(Socket socket, SSL_CTX* context);

  /// False where the client does not speak TLS. True at once on a plain wire.
  Task<bool> handshake();
  /// How many bytes came; 0 at the end, at an error, or after cancel().
  Task<std::size_t> read(std::span<char> into);
  /// Sends both, one after the other. False where the client is gone or cancel() was called. What
  /// the views show must stay until then.
  Task<bool> write(std::string_view first, std::string_view second);
  /// Tells the client that no more comes.
  void end();

  /// What the client has not taken yet is thrown away when the wire is closed.
  void drop_unsent();

  /// Ends what is being awaited, which then reports the end of the wire.
  void cancel();
  void close();
  /// Calls `gone` once when the client closes, or sends something, while nobody reads. `gone` may
  /// be called after the wire's end: it must hold weakly what it needs.
  void watch(std::function<void()> gone);
  /// After the call of watch: whether the wire is in fact still open and silent.
  [[nodiscard]] bool silent();

  [[nodiscard]] bool is_tls() const { return tls_ != nullptr; }
  [[nodiscard]] std::string remote_address() const;
  [[nodiscard]] Executor executor() { return socket_.get_executor(); }

 private:
  template <class Operation>
  Task<std::size_t> in_tls(Operation operation);
  Task<bool> write_tls(std::string_view text);

  Socket socket_;
  std::unique_ptr<SSL, FreeTls> tls_;
};

/// Throws kInvalid (`tls_certificate`, `tls_key`).
[[nodiscard]] TlsContext make_tls_context(const std::string& certificate_file,
                                          const std::string& key_file);

}  // namespace annals::http
