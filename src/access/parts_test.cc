// The parts that need no database: origins, throttles, passwords.
#include <gtest/gtest.h>

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "access/credential.h"
#include "access/origin.h"
#include "access/password.h"
#include "access/throttle.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "http/message.h"

namespace annals::access {
namespace {

struct OriginCase {
  const char* about;
  http::Pairs headers;
  bool good;
};

TEST(Origin, of_unsafe_requests_must_be_ours) {
  const std::vector<OriginCase> cases = {
      {"no browser", {{"host", "annals.example"}}, true},
      {"same", {{"host", "annals.example"}, {"origin", "https://annals.example"}}, true},
      {"case and port",
       {{"host", "Annals.example:443"}, {"origin", "https://annals.example"}},
       true},
      {"other host", {{"host", "annals.example"}, {"origin", "https://evil.example"}}, false},
      {"prefix", {{"host", "annals.example"}, {"origin", "https://annals.example.evil"}}, false},
      {"other port", {{"host", "127.0.0.1:8080"}, {"origin", "http://127.0.0.1:9090"}}, false},
      {"opaque", {{"host", "annals.example"}, {"origin", "null"}}, false},
      {"no host", {{"origin", "https://annals.example"}}, false},
      {"cross-site", {{"host", "annals.example"}, {"sec-fetch-site", "cross-site"}}, false},
      {"sibling", {{"host", "annals.example"}, {"sec-fetch-site", "same-site"}}, false},
      {"browser vouches",
       {{"host", "inner:8080"},
        {"sec-fetch-site", "same-origin"},
        {"origin", "https://annals.example"}},
       true},
      {"referer", {{"host", "annals.example"}, {"referer", "https://annals.example/c/1"}}, true},
      {"other referer", {{"host", "annals.example"}, {"referer", "https://evil.example/"}}, false},
  };
  for (const auto& [about, headers, good] : cases) {
    http::Request request;
    request.headers = headers;
    request.method = http::Method::kGet;
    EXPECT_NO_THROW(check_origin(request)) << about;
    request.method = http::Method::kPatch;
    if (good) {
      EXPECT_NO_THROW(check_origin(request)) << about;
    } else {
      EXPECT_THROW(check_origin(request), base::Error) << about;
    }
  }
}

constexpr base::Micros kWindow = base::limits::kSignInWindowSeconds * base::kMicrosPerSecond;

TEST(Throttle, lets_so_many_pass_in_a_window) {
  Throttle throttle(3);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(throttle.attempt("a", 1'000'000));
  EXPECT_EQ(throttle.attempt("a", 1'000'000 + 60 * base::kMicrosPerSecond),
            base::limits::kSignInWindowSeconds - 60);
  EXPECT_FALSE(throttle.attempt("b", 1'000'000)) << "others go on";
  EXPECT_FALSE(throttle.attempt("a", 1'000'000 + kWindow)) << "the next window";
}

TEST(Throttle, forgives_and_forgets) {
  Throttle throttle(1);
  EXPECT_FALSE(throttle.attempt("a", 0));
  throttle.forgive("a");
  EXPECT_FALSE(throttle.attempt("a", 0));
  EXPECT_TRUE(throttle.attempt("a", 0));
  throttle.clear("a");
  EXPECT_FALSE(throttle.attempt("a", 0));
}

TEST(Throttle, survives_a_clock_that_goes_back) {
  Throttle throttle(1);
  EXPECT_FALSE(throttle.attempt("a", kWindow * 100));
  EXPECT_FALSE(throttle.attempt("a", kWindow));
}

TEST(Throttle, keeps_a_bounded_number_of_counters) {
  Throttle throttle(1);
  for (std::size_t i = 0; i < base::limits::kSignInCountersMax + 10; ++i) {
    EXPECT_FALSE(throttle.attempt(std::to_string(i), static_cast<base::Micros>(i)));
  }
  EXPECT_FALSE(throttle.attempt("0", 0)) << "the oldest made room";
  EXPECT_TRUE(throttle.attempt(std::to_string(base::limits::kSignInCountersMax), 20'000));
}

TEST(Password, is_hashed_by_argon2id_at_the_cost_we_promise) {
  const std::string hash = hash_password("correct horse", PasswordCost{});
  EXPECT_TRUE(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")) << hash;
  EXPECT_TRUE(verify_password(hash, "correct horse"));
  EXPECT_FALSE(verify_password(hash, "correct hors"));
}

TEST(Password, without_a_hash_never_fits) {
  EXPECT_FALSE(verify_password("", ""));
  EXPECT_FALSE(verify_password("$argon2id$broken", "x"));
  EXPECT_FALSE(verify_password(std::string(4'000, '$'), "x"));
}

TEST(Password, made_at_random_is_long_and_new_each_time) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string password = random_password();
    EXPECT_EQ(password.size(), 23U);
    seen.insert(password);
  }
  EXPECT_EQ(seen.size(), 100U);
}

TEST(Credential, forms_are_as_documented) {
  const std::string secret = make_api_key_secret();
  EXPECT_TRUE(secret.starts_with("ann_"));
  EXPECT_EQ(secret.size(), 47U);
  EXPECT_EQ(token_hash(secret).size(), 32U);
  http::Request request;
  EXPECT_EQ(session_cookie(request, "t"), "annals=t; Path=/; HttpOnly; SameSite=Strict");
  request.tls = true;
  EXPECT_EQ(session_cookie(request, "t"),
            "__Host-annals=t; Path=/; HttpOnly; SameSite=Strict; Secure");
  EXPECT_TRUE(session_cookie(request, "").ends_with("Max-Age=0"));
}

}  // namespace
}  // namespace annals::access
