// For tests: an authority that stamps what it is asked to, at a time that the test sets.
#pragma once
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstddef>
#include <memory>
#include <string>

#include "base/encoding.h"
#include "base/error.h"

namespace annals::tlog {

class TestAuthority {
 public:
  explicit TestAuthority(const char* name = "Test authority") {
    key_.reset(EVP_EC_gen("P-256"));
    certificate_.reset(X509_new());
    X509* made = certificate_.get();
    CHECK(key_ && made != nullptr);
    CHECK(X509_set_version(made, 2) == 1);
    CHECK(ASN1_INTEGER_set(X509_get_serialNumber(made), 1) == 1);
    CHECK(ASN1_TIME_set_string(X509_getm_notBefore(made), "20200101000000Z") == 1);
    CHECK(ASN1_TIME_set_string(X509_getm_notAfter(made), "20400101000000Z") == 1);
    X509_NAME* called = X509_get_subject_name(made);
    const base::ByteSpan text = base::as_bytes(name);
    CHECK(X509_NAME_add_entry_by_txt(called, "CN", MBSTRING_UTF8, text.data(),
                                     static_cast<int>(text.size()), -1, 0) == 1);
    CHECK(X509_set_issuer_name(made, called) == 1);
    CHECK(X509_set_pubkey(made, key_.get()) == 1);
    X509_EXTENSION* use =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_ext_key_usage, "critical,timeStamping");
    CHECK(use != nullptr && X509_add_ext(made, use, -1) == 1);
    X509_EXTENSION_free(use);
    CHECK(X509_sign(made, key_.get(), EVP_sha256()) > 0);
  }

  /// Its certificate, in PEM.
  [[nodiscard]] std::string certificate() const {
    BIO* out = BIO_new(BIO_s_mem());
    CHECK(PEM_write_bio_X509(out, certificate_.get()) == 1);
    return text_of(out);
  }

  /// A TimeStampResp, that `second` (after 1970) is the time of. It stamps hashes by SHA-256 alone.
  [[nodiscard]] base::Bytes answer(base::ByteSpan request, long second) const {
    TS_RESP_CTX* context = TS_RESP_CTX_new();
    ASN1_OBJECT* policy = OBJ_txt2obj("1.2.3.4.1", 1);
    CHECK(TS_RESP_CTX_set_signer_cert(context, certificate_.get()) == 1);
    CHECK(TS_RESP_CTX_set_signer_key(context, key_.get()) == 1);
    CHECK(TS_RESP_CTX_set_signer_digest(context, EVP_sha256()) == 1);
    CHECK(TS_RESP_CTX_set_def_policy(context, policy) == 1);
    CHECK(TS_RESP_CTX_add_md(context, EVP_sha256()) == 1);
    TS_RESP_CTX_set_time_cb(
        context,
        [](TS_resp_ctx* /*context*/, void* at, long* seconds, long* micros) {
          *seconds = *static_cast<long*>(at);
          *micros = 0;
          return 1;
        },
        &second);
    TS_RESP_CTX_set_serial_cb(
        context,
        [](TS_resp_ctx* /*context*/, void* /*data*/) {
          ASN1_INTEGER* serial = ASN1_INTEGER_new();
          CHECK(ASN1_INTEGER_set(serial, 7) == 1);
          return serial;
        },
        nullptr);
    BIO* in = BIO_new_mem_buf(request.data(), static_cast<int>(request.size()));
    TS_RESP* response = TS_RESP_create_response(context, in);
    CHECK(response != nullptr);
    BIO* out = BIO_new(BIO_s_mem());
    CHECK(i2d_TS_RESP_bio(out, response) == 1);
    TS_RESP_free(response);
    TS_RESP_CTX_free(context);
    ASN1_OBJECT_free(policy);
    BIO_free(in);
    const std::string text = text_of(out);
    const base::ByteSpan bytes = base::as_bytes(text);
    return {bytes.begin(), bytes.end()};
  }

 private:
  static std::string text_of(BIO* out) {
    char* begin = nullptr;
    const long size = BIO_get_mem_data(out, &begin);
    std::string text(begin, static_cast<std::size_t>(size));
    BIO_free(out);
    return text;
  }
  struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
  };
  std::unique_ptr<EVP_PKEY, Free> key_;
  std::unique_ptr<X509, Free> certificate_;
};

}  // namespace annals::tlog
