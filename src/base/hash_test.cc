#include "base/hash.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "base/encoding.h"

namespace annals::base {
namespace {

TEST(Hash, sha256_equals_the_vectors_of_nist) {
  EXPECT_EQ(hex(sha256({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(sha256({as_bytes("abc")})),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha256({as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")})),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hex(sha256({as_bytes(std::string(1'000'000, 'a'))})),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Hash, parts_count_as_one_text) {
  EXPECT_EQ(sha256({as_bytes("a"), as_bytes(""), as_bytes("bc")}), sha256({as_bytes("abc")}));
  EXPECT_EQ(hmac_sha256(as_bytes("k"), {as_bytes("a"), as_bytes("bc")}),
            hmac_sha256(as_bytes("k"), {as_bytes("abc")}));
}

TEST(Hash, pieces_count_as_one_text) {
  Sha256 hash;
  for (const char* piece : {"a", "", "bc"}) hash.add(as_bytes(piece));
  EXPECT_EQ(hash.digest(), sha256({as_bytes("abc")}));
}

TEST(Hash, hmac_equals_the_vectors_of_rfc_4231) {
  struct Row {
    std::string key;
    std::string text;
    const char* mac;
  };
  std::string counted;
  for (char c = 1; c <= 25; ++c) counted += c;
  const std::vector<Row> rows = {
      {std::string(20, '\x0b'), "Hi There",
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {"Jefe", "what do ya want for nothing?",
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {std::string(20, '\xaa'), std::string(50, '\xdd'),
       "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
      {counted, std::string(50, '\xcd'),
       "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
      {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
      {std::string(131, '\xaa'),
       "This is a test using a larger than block-size key and a larger than block-size data. The "
       "key needs to be hashed before being used by the HMAC algorithm.",
       "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(hex(hmac_sha256(as_bytes(row.key), {as_bytes(row.text)})), row.mac);
  }
}

TEST(Hash, comparison_tells_equal_from_unequal) {
  EXPECT_TRUE(equal_constant_time(as_bytes("abc"), as_bytes("abc")));
  EXPECT_FALSE(equal_constant_time(as_bytes("abc"), as_bytes("abd")));
  EXPECT_FALSE(equal_constant_time(as_bytes("abc"), as_bytes("ab")));
  EXPECT_TRUE(equal_constant_time({}, {}));
}

TEST(Hash, is_safe_from_many_threads) {
  const Digest expected = sha256({as_bytes("abc")});
  std::vector<Digest> results(4);
  std::vector<std::thread> threads;
  threads.reserve(results.size());
  for (Digest& result : results) {
    threads.emplace_back([&result] {
      for (int i = 0; i < 1000; ++i) result = sha256({as_bytes("abc")});
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Digest& result : results) EXPECT_EQ(result, expected);
}

}  // namespace
}  // namespace annals::base
