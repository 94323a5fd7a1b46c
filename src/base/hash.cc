#include "base/hash.h"

#include <openssl/evp.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>

#include "base/encoding.h"
#include "base/error.h"

namespace annals::base {
namespace {

// Fetching an algorithm walks OpenSSL's providers; done once, as its documentation advises.
const EVP_MD* sha256_method() {
  static EVP_MD* const method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return method;
}

struct ContextDeleter {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

EVP_MD_CTX* thread_context() {
  thread_local const std::unique_ptr<EVP_MD_CTX, ContextDeleter> context(EVP_MD_CTX_new());
  return context.get();
}

}  // namespace

Digest sha256(std::initializer_list<ByteSpan> parts) {
  Digest out{};
  EVP_MD_CTX* context = thread_context();
  CHECK(EVP_DigestInit_ex2(context, sha256_method(), nullptr) == 1);
  for (const ByteSpan part : parts) {
    CHECK(EVP_DigestUpdate(context, part.data(), part.size()) == 1);
  }
  CHECK(EVP_DigestFinal_ex(context, out.data(), nullptr) == 1);
  return out;
}

struct Sha256::State {
  std::unique_ptr<EVP_MD_CTX, ContextDeleter> context;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  state_->context.reset(EVP_MD_CTX_new());
  CHECK(EVP_DigestInit_ex2(state_->context.get(), sha256_method(), nullptr) == 1);
}

Sha256::~Sha256() = default;

void Sha256::add(ByteSpan piece) {
  CHECK(EVP_DigestUpdate(state_->context.get(), piece.data(), piece.size()) == 1);
}

Digest Sha256::digest() {
  Digest out{};
  CHECK(EVP_DigestFinal_ex(state_->context.get(), out.data(), nullptr) == 1);
  return out;
}

Digest hmac_sha256(ByteSpan key, std::initializer_list<ByteSpan> parts) {
  static constexpr std::size_t kBlock = 64;
  std::array<std::uint8_t, kBlock> inner{};
  Digest short_key{};
  if (key.size() > kBlock) {
    short_key = sha256({key});
    key = short_key;
  }
  std::copy(key.begin(), key.end(), inner.begin());
  std::array<std::uint8_t, kBlock> outer = inner;
  for (std::size_t i = 0; i < kBlock; ++i) {
    inner[i] ^= 0x36U;
    outer[i] ^= 0x5cU;
  }
  Digest first{};
  EVP_MD_CTX* context = thread_context();
  CHECK(EVP_DigestInit_ex2(context, sha256_method(), nullptr) == 1);
  CHECK(EVP_DigestUpdate(context, inner.data(), inner.size()) == 1);
  for (const ByteSpan part : parts) {
    CHECK(EVP_DigestUpdate(context, part.data(), part.size()) == 1);
  }
  CHECK(EVP_DigestFinal_ex(context, first.data(), nullptr) == 1);
  return sha256({outer, first});
}

bool equal_constant_time(ByteSpan a, ByteSpan b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace annals::base
