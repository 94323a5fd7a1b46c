#include "tlog/stamp.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/random.h"

namespace annals::tlog {
namespace {

constexpr std::size_t kNonceBytes = 8;
constexpr int kCertificatesMax = 1'000;  // of a file of authorities

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* it) const {
    Free(it);
  }
};
using Request = std::unique_ptr<TS_REQ, Deleter<TS_REQ_free>>;
using Response = std::unique_ptr<TS_RESP, Deleter<TS_RESP_free>>;
using Imprint = std::unique_ptr<TS_MSG_IMPRINT, Deleter<TS_MSG_IMPRINT_free>>;
using Algorithm = std::unique_ptr<X509_ALGOR, Deleter<X509_ALGOR_free>>;
using Integer = std::unique_ptr<ASN1_INTEGER, Deleter<ASN1_INTEGER_free>>;
using Number = std::unique_ptr<BIGNUM, Deleter<BN_free>>;
using Checks = std::unique_ptr<TS_VERIFY_CTX, Deleter<TS_VERIFY_CTX_free>>;
using Store = std::unique_ptr<X509_STORE, Deleter<X509_STORE_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Memory = std::unique_ptr<BIO, Deleter<BIO_free>>;

// What OpenSSL says of its last failure, which is forgotten then.
std::string last_failure() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  std::string text = reason == nullptr ? "it is damaged" : reason;
  ERR_clear_error();
  return text;
}

// All of `bytes` as one structure.
template <class Pointer, class Read>
Pointer read_der(base::ByteSpan bytes, Read read) {
  if (bytes.empty() || bytes.size() > kStampBytesMax) return nullptr;
  const std::uint8_t* at = bytes.data();
  Pointer read_as(read(nullptr, &at, static_cast<long>(bytes.size())));
  ERR_clear_error();
  return at == bytes.data() + bytes.size() ? std::move(read_as) : nullptr;
}

// The same as one that was granted, with its token.
Response read_reply(base::ByteSpan bytes) {
  Response reply = read_der<Response>(bytes, d2i_TS_RESP);
  if (!reply || TS_RESP_get_tst_info(reply.get()) == nullptr) return nullptr;
  const ASN1_INTEGER* status = TS_STATUS_INFO_get0_status(TS_RESP_get_status_info(reply.get()));
  const std::int64_t granted = ASN1_INTEGER_get(status);  // 0, or 1 where it changed something
  return granted == 0 || granted == 1 ? std::move(reply) : nullptr;
}

bool is_signed(TS_RESP* reply) {
  const bool holds = PKCS7_verify(TS_RESP_get_token(reply), nullptr, nullptr, nullptr, nullptr,
                                  PKCS7_NOVERIFY) == 1;
  ERR_clear_error();
  return holds;
}

std::string faults_of(TS_VERIFY_CTX* checks, TS_RESP* reply) {
  return TS_RESP_verify_response(checks, reply) == 1 ? std::string() : last_failure();
}

std::optional<base::Micros> time_of(TS_TST_INFO* info) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(TS_TST_INFO_get_time(info), &parts) != 1) {
    ERR_clear_error();
    return std::nullopt;
  }
  using std::chrono::days;
  using std::chrono::month;
  const std::chrono::year_month_day date{std::chrono::year{1900 + parts.tm_year},
                                         month{static_cast<unsigned>(parts.tm_mon + 1)},
                                         std::chrono::day{static_cast<unsigned>(parts.tm_mday)}};
  const std::int64_t day = std::chrono::sys_days{date}.time_since_epoch() / days{1};
  const std::int64_t second = parts.tm_hour * 3'600LL + parts.tm_min * 60LL + parts.tm_sec;
  return day * base::kMicrosPerDay + second * base::kMicrosPerSecond;
}

Store store_of(const std::string& authorities, base::Micros at) {
  Store store(X509_STORE_new());
  CHECK(store);
  X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store.get()), at / base::kMicrosPerSecond);
  CHECK(authorities.size() <= INT_MAX);
  const Memory text(BIO_new_mem_buf(authorities.data(), static_cast<int>(authorities.size())));
  CHECK(text);
  int count = 0;
  for (; count < kCertificatesMax; ++count) {
    const Certificate one(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
    if (!one) break;
    CHECK(X509_STORE_add_cert(store.get(), one.get()) == 1);
  }
  ERR_clear_error();
  if (count == 0) throw base::invalid("tsa-ca", "certificate", "holds no certificate in PEM");
  return store;
}

}  // namespace

base::Bytes stamp_request(std::string_view note, const base::Random& random) {
  const base::Digest digest = base::sha256({base::as_bytes(note)});
  const Request request(TS_REQ_new());
  const Imprint imprint(TS_MSG_IMPRINT_new());
  const Algorithm sha256(X509_ALGOR_new());
  CHECK(request && imprint && sha256);
  CHECK(X509_ALGOR_set0(sha256.get(), OBJ_nid2obj(NID_sha256), V_ASN1_NULL, nullptr) == 1);
  CHECK(TS_MSG_IMPRINT_set_algo(imprint.get(), sha256.get()) == 1);
  base::Bytes bytes(digest.begin(), digest.end());
  CHECK(TS_MSG_IMPRINT_set_msg(imprint.get(), bytes.data(), static_cast<int>(bytes.size())) == 1);
  std::array<std::uint8_t, kNonceBytes> nonce{};
  random.fill(nonce);
  const Number number(BN_bin2bn(nonce.data(), nonce.size(), nullptr));
  const Integer integer(BN_to_ASN1_INTEGER(number.get(), nullptr));
  CHECK(number && integer);
  CHECK(TS_REQ_set_version(request.get(), 1) == 1);
  CHECK(TS_REQ_set_msg_imprint(request.get(), imprint.get()) == 1);
  CHECK(TS_REQ_set_nonce(request.get(), integer.get()) == 1);
  CHECK(TS_REQ_set_cert_req(request.get(), 1) == 1);
  const int size = i2d_TS_REQ(request.get(), nullptr);
  CHECK(size > 0);
  base::Bytes out(static_cast<std::size_t>(size));
  std::uint8_t* at = out.data();
  CHECK(i2d_TS_REQ(request.get(), &at) == size);
  return out;
}

std::string stamp_fault(base::ByteSpan request, base::ByteSpan reply) {
  const Request asked = read_der<Request>(request, d2i_TS_REQ);
  CHECK(asked);
  const Response answer = read_der<Response>(reply, d2i_TS_RESP);
  if (!answer) return "it is no time stamp";
  const Checks checks(TS_REQ_to_TS_VERIFY_CTX(asked.get(), nullptr));
  CHECK(checks);
  TS_VERIFY_CTX_set_flags(checks.get(), TS_VFY_VERSION | TS_VFY_IMPRINT | TS_VFY_NONCE);
  std::string fault = faults_of(checks.get(), answer.get());
  if (fault.empty() && !read_stamp(reply)) fault = "its own signature does not hold";
  return fault;
}

std::optional<Stamp> read_stamp(base::ByteSpan reply) {
  const Response read = read_reply(reply);
  if (!read) return std::nullopt;
  TS_TST_INFO* info = TS_RESP_get_tst_info(read.get());
  TS_MSG_IMPRINT* imprint = TS_TST_INFO_get_msg_imprint(info);
  const ASN1_OBJECT* algorithm = nullptr;
  X509_ALGOR_get0(&algorithm, nullptr, nullptr, TS_MSG_IMPRINT_get_algo(imprint));
  const ASN1_OCTET_STRING* digest = TS_MSG_IMPRINT_get_msg(imprint);
  const auto time = time_of(info);
  Stamp stamp;
  const bool is_sha256 =
      OBJ_obj2nid(algorithm) == NID_sha256 &&
      static_cast<std::size_t>(ASN1_STRING_length(digest)) == stamp.imprint.size();
  if (!is_sha256 || !time || !is_signed(read.get())) return std::nullopt;
  std::copy_n(ASN1_STRING_get0_data(digest), stamp.imprint.size(), stamp.imprint.begin());
  stamp.time = *time;
  return stamp;
}

std::string untrusted(base::ByteSpan reply, std::string_view note, const std::string& authorities) {
  const auto stamp = read_stamp(reply);
  const Store store = store_of(authorities, stamp ? stamp->time : 0);
  if (!stamp) return "it is no time stamp";
  if (stamp->imprint != base::sha256({base::as_bytes(note)})) return "it is of other bytes";
  const Response read = read_reply(reply);
  const Checks checks(TS_VERIFY_CTX_new());
  CHECK(checks && X509_STORE_up_ref(store.get()) == 1);
  TS_VERIFY_CTX_set_store(checks.get(), store.get());
  TS_VERIFY_CTX_set_flags(checks.get(), TS_VFY_VERSION | TS_VFY_SIGNATURE | TS_VFY_SIGNER);
  return faults_of(checks.get(), read.get());
}

}  // namespace annals::tlog
