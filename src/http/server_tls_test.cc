#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "base/error.h"
#include "http/message.h"
#include "http/router.h"
#include "http/server.h"
#include "http/test_client.h"

namespace annals::http {
namespace {

namespace fs = std::filesystem;

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using File = std::unique_ptr<std::FILE, Freed<std::fclose>>;

/// A folder with `certificate.pem`, signed by its own key, `key.pem`, and `other-key.pem`.
class Certificates {
 public:
  Certificates() {
    std::string pattern = (fs::temp_directory_path() / "annals-tls-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    const Key key(EVP_EC_gen("P-256"));
    write_key(*key, "key.pem");
    write_key(*Key(EVP_EC_gen("P-256")), "other-key.pem");
    const Certificate certificate(X509_new());
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key.get());
    X509_NAME* const name = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, base::as_bytes("localhost").data(), -1, -1,
                               0);
    X509_set_issuer_name(certificate.get(), name);
    X509_sign(certificate.get(), key.get(), EVP_sha256());
    const File file(std::fopen(path("certificate.pem").c_str(), "w"));
    PEM_write_X509(file.get(), certificate.get());
  }
  ~Certificates() { fs::remove_all(folder_); }
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;

  [[nodiscard]] std::string path(const std::string& name) const {
    return (folder_ / name).string();
  }

 private:
  void write_key(EVP_PKEY& key, const std::string& name) {
    const File file(std::fopen(path(name).c_str(), "w"));
    PEM_write_PrivateKey(file.get(), &key, nullptr, nullptr, 0, nullptr, nullptr);
  }

  fs::path folder_;
};

class TlsClient {
 public:
  explicit TlsClient(std::uint16_t port, int version_max = TLS1_3_VERSION)
      : raw_(port), context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_security_level(context_.get(), 0);  // else it would not even offer old versions
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context_.get(), version_max);
    tls_.reset(SSL_new(context_.get()));
    SSL_set_fd(tls_.get(), raw_.descriptor());
    connected_ = SSL_connect(tls_.get()) == 1;
  }

  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] std::string_view version() const { return SSL_get_version(tls_.get()); }

  void send(std::string_view bytes) {
    EXPECT_EQ(SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size())),
              static_cast<int>(bytes.size()));
  }
  std::string until(std::string_view text) {
    while (received_.find(text) == std::string::npos) {
      if (!more()) return "cut: " + received_;
    }
    const auto end = received_.find(text) + text.size();
    std::string all = received_.substr(0, end);
    received_.erase(0, end);
    return all;
  }
  /// All until the server's close_notify; "cut" where it does not come.
  std::string rest() {
    while (more()) continue;
    return (SSL_get_shutdown(tls_.get()) & SSL_RECEIVED_SHUTDOWN) != 0 ? received_ : "cut";
  }

 private:
  bool more() {
    char bytes[16 * 1024];
    const int size = SSL_read(tls_.get(), bytes, sizeof bytes);
    if (size > 0) received_.append(bytes, static_cast<std::size_t>(size));
    return size > 0;
  }

  RawClient raw_;
  std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>> context_;
  std::unique_ptr<SSL, Freed<SSL_free>> tls_;
  bool connected_ = false;
  std::string received_;
};

class TlsTest : public testing::Test {
 protected:
  TlsTest() : server_(options(), router()) { server_.start(); }

  ServerOptions options() {
    ServerOptions options;
    options.port = 0;
    options.tls_certificate_file = files_.path("certificate.pem");
    options.tls_key_file = files_.path("key.pem");
    return options;
  }

  Router router() {
    Router router;
    router.add({Method::kPost, "/echo", [](const Request& request) {
                  return Response::json(200, request.body + (request.tls ? "|tls" : "|plain"));
                }});
    router.add({Method::kGet, "/events", [this](const Request&) {
                  Response reply;
                  reply.events = std::make_shared<EventSource>();
                  reply.events->open = [](const std::shared_ptr<EventSink>& sink) {
                    sink->send(event_text({"1", "", "x"}));
                  };
                  reply.events->close = [this] { closed_.open(); };
                  return reply;
                }});
    return router;
  }

  Certificates files_;
  Gate closed_;
  Server server_;
};

TEST_F(TlsTest, AnswersByTls13And12) {
  for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
    TlsClient client(server_.port(), version);
    ASSERT_TRUE(client.connected());
    EXPECT_EQ(client.version(), version == TLS1_3_VERSION ? "TLSv1.3" : "TLSv1.2");
    for (const std::size_t size : {std::size_t{1}, std::size_t{3'000'000}}) {
      const std::string body(size, 'x');
      client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(size) +
                  "\r\n\r\n" + body);
      EXPECT_TRUE(client.until("\r\n\r\n").starts_with("HTTP/1.1 200 OK\r\n"));
      EXPECT_EQ(client.until("|tls"), body + "|tls");
    }
    client.send("POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(client.rest().ends_with("\r\n\r\n|tls"));
  }
}

TEST_F(TlsTest, RefusesOldVersions) {
  EXPECT_FALSE(TlsClient(server_.port(), TLS1_1_VERSION).connected());
  EXPECT_FALSE(TlsClient(server_.port(), TLS1_VERSION).connected());
}

TEST_F(TlsTest, ClosesOnWhoSpeaksPlain) {
  RawClient client(server_.port());
  EXPECT_EQ(client.ask("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n").status, 0);
}

TEST_F(TlsTest, SendsEventsAndSeesTheClientLeave) {
  {
    TlsClient client(server_.port());
    client.send("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(client.until("id: 1\ndata: x\n\n").starts_with("HTTP/1.1 200 OK\r\n"));
  }
  closed_.wait();
}

TEST_F(TlsTest, StopsWhileAClientIsShakingHands) {
  const RawClient silent(server_.port());
  TlsClient client(server_.port());
  ASSERT_TRUE(client.connected());
  // The server's side of the greeting may end after the client's; a reply proves both.
  client.send("POST /echo HTTP/1.1\r\nHost: x\r\n\r\n");
  client.until("|tls");
  server_.stop();
  EXPECT_EQ(client.rest(), "");
}

TEST_F(TlsTest, SaysWhichFileIsWrong) {
  struct Case {
    std::string certificate, key;
    const char* field;
  };
  const std::string missing = files_.path("missing.pem");
  const std::string certificate = files_.path("certificate.pem");
  const Case cases[] = {{missing, files_.path("key.pem"), "tls_certificate"},
                        {files_.path("key.pem"), files_.path("key.pem"), "tls_certificate"},
                        {certificate, missing, "tls_key"},
                        {certificate, certificate, "tls_key"},
                        {certificate, files_.path("other-key.pem"), "tls_key"},
                        {certificate, "", "tls_key"}};
  for (const Case& c : cases) {
    ServerOptions options;
    options.port = 0;
    options.tls_certificate_file = c.certificate;
    options.tls_key_file = c.key;
    try {
      const Server server(options, Router());
      ADD_FAILURE() << c.certificate << " and " << c.key << " were accepted";
    } catch (const base::Error& error) {
      EXPECT_EQ(error.errors().at(0).field, c.field) << c.certificate << " and " << c.key;
    }
  }
}

}  // namespace
}  // namespace annals::http
