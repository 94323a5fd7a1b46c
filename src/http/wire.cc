#include "http/wire.h"

#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/error_code.hpp>
#include <cerrno>
#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace annals::http {
namespace {

using boost::asio::redirect_error;
using boost::system::error_code;

int bounded_size(std::size_t size) {
  return static_cast<int>(std::min<std::size_t>(size, std::numeric_limits<int>::max()));
}

/// What the system takes of a reply before it is sent. The rest waits here, where it is counted and
/// has its deadline; by itself the system would take megabytes for a client that does not read.
constexpr int kUnsentBytesMax = 128 * 1024;
/// Until a client is given up that no longer confirms what it is sent.
constexpr unsigned kUnconfirmedMsMax = 30'000;

template <class Value>
void set_tcp_option(int socket, int option, const Value& value) {
  ::setsockopt(socket, IPPROTO_TCP, option, &value, sizeof value);
}

/// What fits into one TLS record together is sent as one.
constexpr std::size_t kTlsRecordBytes = 16 * 1024;

}  // namespace

Wire::Wire(Socket socket, SSL_CTX* context) : socket_(std::move(socket)) {
  error_code ignored;
  socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
  set_tcp_option(socket_.native_handle(), TCP_NOTSENT_LOWAT, kUnsentBytesMax);
  set_tcp_option(socket_.native_handle(), TCP_USER_TIMEOUT, kUnconfirmedMsMax);
  if (context == nullptr) return;
  socket_.native_non_blocking(true, ignored);
  tls_.reset(SSL_new(context));
  CHECK(tls_ != nullptr && SSL_set_fd(tls_.get(), socket_.native_handle()) == 1);
}

template <class Operation>
Task<std::size_t> Wire::in_tls(Operation operation) {
  for (;;) {
    error_code error;
    // After close() the descriptor's number may be another client's.
    if (!socket_.is_open()) co_return 0;
    ERR_clear_error();
    const int result = operation();
    if (result > 0) co_return static_cast<std::size_t>(result);
    switch (SSL_get_error(tls_.get(), result)) {
      case SSL_ERROR_WANT_READ:
        co_await socket_.async_wait(Socket::wait_read, redirect_error(kAwait, error));
        break;
      case SSL_ERROR_WANT_WRITE:
        co_await socket_.async_wait(Socket::wait_write, redirect_error(kAwait, error));
        break;
      default:
        co_return 0;
    }
    if (error) co_return 0;
  }
}

Task<bool> Wire::handshake() {
  if (!is_tls()) co_return true;
  const std::size_t done = co_await in_tls([this] { return SSL_accept(tls_.get()); });
  co_return done > 0;
}

Task<std::size_t> Wire::read(std::span<char> into) {
  if (is_tls()) {
    co_return co_await in_tls(
        [this, into] { return SSL_read(tls_.get(), into.data(), bounded_size(into.size())); });
  }
  error_code error;
  const std::size_t size = co_await socket_.async_read_some(
      boost::asio::buffer(into.data(), into.size()), redirect_error(kAwait, error));
  co_return error ? 0 : size;
}

Task<bool> Wire::write_tls(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = co_await in_tls(
        [this, text] { return SSL_write(tls_.get(), text.data(), bounded_size(text.size())); });
    if (size == 0) co_return false;
    text.remove_prefix(size);
  }
  co_return true;
}

Task<bool> Wire::write(std::string_view first, std::string_view second) {
  if (is_tls()) {
    if (!second.empty() && first.size() + second.size() <= kTlsRecordBytes) {
      std::string both;
      both.reserve(first.size() + second.size());
      both.append(first).append(second);
      co_return co_await write_tls(both);
    }
    const bool sent = co_await write_tls(first);
    if (!sent) co_return false;
    co_return co_await write_tls(second);
  }
  error_code error;
  const std::array<boost::asio::const_buffer, 2> buffers = {
      boost::asio::buffer(first.data(), first.size()),
      boost::asio::buffer(second.data(), second.size())};
  co_await boost::asio::async_write(socket_, buffers, redirect_error(kAwait, error));
  co_return !error;
}

void Wire::end() {
  if (!socket_.is_open()) return;
  if (is_tls()) {
    ERR_clear_error();
    SSL_shutdown(tls_.get());
  }
  error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
}

void Wire::drop_unsent() {
  error_code ignored;
  socket_.set_option(boost::asio::socket_base::linger(true, 0), ignored);
}

void Wire::cancel() {
  error_code ignored;
  socket_.cancel(ignored);
}

void Wire::close() {
  error_code ignored;
  socket_.close(ignored);
}

void Wire::watch(std::function<void()> gone) {
  socket_.async_wait(Socket::wait_read, [gone = std::move(gone)](const error_code& error) {
    if (!error) gone();
  });
}

bool Wire::silent() {
  if (!socket_.is_open()) return false;
  char byte = 0;
  if (is_tls()) {
    ERR_clear_error();
    const int result = SSL_read(tls_.get(), &byte, 1);
    return result <= 0 && SSL_get_error(tls_.get(), result) == SSL_ERROR_WANT_READ;
  }
  const auto result = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return result < 0 && (errno == EAGAIN || errno == EINTR);
}

std::string Wire::remote_address() const {
  error_code error;
  const auto endpoint = socket_.remote_endpoint(error);
  return error ? std::string() : endpoint.address().to_string();
}

TlsContext make_tls_context(const std::string& certificate_file, const std::string& key_file) {
  TlsContext context(SSL_CTX_new(TLS_server_method()));
  CHECK(context != nullptr);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate_file.c_str()) != 1) {
    throw base::invalid("tls_certificate", "unreadable",
                        "Give a PEM file with the server's certificate and its chain; this one "
                        "cannot be read: " +
                            certificate_file);
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context.get()) != 1) {
    throw base::invalid("tls_key", "unreadable",
                        "Give a PEM file with the certificate's private key, without a password; "
                        "this one cannot be read or does not fit: " +
                            key_file);
  }
  return context;
}

}  // namespace annals::http
