#include "tlog/stamp.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/random.h"
#include "tlog/test_authority.h"

namespace annals::tlog {
namespace {

constexpr const char* kNote = "annals/x\n3\nAAAA\n\n\u2014 annals/x BBBB\n";
constexpr long kSecond = 1'750'000'000;  // 2025-06-15T15:06:40Z

class StampTest : public testing::Test {
 protected:
  [[nodiscard]] base::Bytes ask(const char* note = kNote) const {
    return stamp_request(note, random_);
  }
  TestAuthority authority_;
  base::SeededRandom random_{1};
};

TEST_F(StampTest, answers_what_was_asked) {
  const base::Bytes request = ask();
  const base::Bytes reply = authority_.answer(request, kSecond);
  EXPECT_EQ(stamp_fault(request, reply), "");
  const auto stamp = read_stamp(reply);
  ASSERT_TRUE(stamp);
  EXPECT_EQ(stamp->time, kSecond * base::kMicrosPerSecond);
  EXPECT_EQ(stamp->imprint, base::sha256({base::as_bytes(kNote)}));
  EXPECT_EQ(untrusted(reply, kNote, authority_.certificate()), "");
}

TEST_F(StampTest, of_other_bytes_or_another_request_is_none) {
  const base::Bytes request = ask();
  EXPECT_NE(stamp_fault(request, authority_.answer(ask("other"), kSecond)), "");
  EXPECT_NE(stamp_fault(request, authority_.answer(ask(), kSecond)), "") << "another nonce";
  EXPECT_EQ(untrusted(authority_.answer(request, kSecond), "other", authority_.certificate()),
            "it is of other bytes");
}

TEST_F(StampTest, that_was_refused_is_none) {
  base::Bytes other_hash = ask();
  // The last arc of SHA-256's object identifier, 2.16.840.1.101.3.4.2.1: SHA-512 is 3.
  const base::Bytes arc = *base::from_hex("0609608648016503040201");
  const auto at = std::search(other_hash.begin(), other_hash.end(), arc.begin(), arc.end());
  ASSERT_NE(at, other_hash.end());
  *(at + static_cast<std::ptrdiff_t>(arc.size()) - 1) = 3;
  const base::Bytes refused = authority_.answer(other_hash, kSecond);
  EXPECT_NE(stamp_fault(ask(), refused), "");
  EXPECT_FALSE(read_stamp(refused));
}

TEST_F(StampTest, with_a_bit_changed_anywhere_is_none_or_the_same) {
  const base::Bytes request = ask();
  const base::Bytes reply = authority_.answer(request, kSecond);
  int good = 0;
  for (std::size_t i = 0; i < reply.size(); ++i) {
    base::Bytes changed = reply;
    changed[i] = static_cast<std::uint8_t>(changed[i] ^ (1U << (i % 8)));
    const auto stamp = read_stamp(changed);
    if (!stamp) continue;
    ++good;  // a bit of the certificate's own signature, or of a text beside the token
    EXPECT_EQ(stamp->time, kSecond * base::kMicrosPerSecond) << i;
    EXPECT_EQ(stamp->imprint, base::sha256({base::as_bytes(kNote)})) << i;
  }
  EXPECT_LT(good, static_cast<int>(reply.size()) / 2);
}

TEST_F(StampTest, garbage_is_none) {
  const base::Bytes request = ask();
  const base::Bytes reply = authority_.answer(request, kSecond);
  base::Bytes longer = reply;
  longer.push_back(0);
  const base::Bytes cut(reply.begin(), reply.end() - 1);
  for (const base::Bytes& bad : {base::Bytes(), base::Bytes(1, 0),
                                 base::Bytes(kStampBytesMax + 1, 0x30), longer, cut, request}) {
    EXPECT_NE(stamp_fault(request, bad), "");
    EXPECT_FALSE(read_stamp(bad));
    EXPECT_NE(untrusted(bad, kNote, authority_.certificate()), "");
  }
}

TEST_F(StampTest, of_an_authority_that_nobody_named_is_not_trusted) {
  const base::Bytes reply = authority_.answer(ask(), kSecond);
  const TestAuthority other("Another");
  EXPECT_NE(untrusted(reply, kNote, other.certificate()), "");
  EXPECT_EQ(untrusted(reply, kNote, other.certificate() + authority_.certificate()), "");
  EXPECT_THROW(static_cast<void>(untrusted(reply, kNote, "no certificate")), base::Error);
}

// Not at the time when it is checked: certificates of authorities end, their stamps do not.
TEST_F(StampTest, is_trusted_by_the_certificate_as_it_was_then) {
  constexpr long kBefore = 1'500'000'000;  // in 2017
  const base::Bytes reply = authority_.answer(ask(), kBefore);
  EXPECT_TRUE(read_stamp(reply));
  EXPECT_NE(untrusted(reply, kNote, authority_.certificate()), "");
}

}  // namespace
}  // namespace annals::tlog
