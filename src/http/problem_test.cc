#include "http/problem.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "base/error.h"
#include "base/json.h"
#include "http/message.h"

namespace annals::http {
namespace {

using base::Code;

std::string header_of(const Response& response, const std::string& name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return {};
}

TEST(Problem, EachCodeHasItsStatus) {
  const std::pair<Code, int> cases[] = {
      {Code::kMalformed, 400},   {Code::kUnauthenticated, 401},
      {Code::kForbidden, 403},   {Code::kNotFound, 404},
      {Code::kConflict, 409},    {Code::kPreconditionFailed, 412},
      {Code::kTooLarge, 413},    {Code::kUnsupportedMediaType, 415},
      {Code::kInvalid, 422},     {Code::kTooManyRequests, 429},
      {Code::kUnavailable, 503}, {Code::kUnknownOutcome, 503},
      {Code::kStorageFull, 507}, {Code::kInternal, 500},
  };
  for (const auto& [code, status] : cases) {
    const Response response = problem(base::Error(code, "words"), "id-1");
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(header_of(response, "Content-Type"), "application/problem+json");
    EXPECT_EQ(header_of(response, "Retry-After").empty(), status != 429 && status != 503);
    EXPECT_NE(reason_of(status), "Unknown");
    const base::Json body = base::parse_json(response.body);
    EXPECT_EQ(body.find("status")->as_int(), status);
    EXPECT_EQ(body.find("title")->text(), reason_of(status));
    EXPECT_EQ(body.find("request_id")->text(), "id-1");
    EXPECT_TRUE(body.find("errors")->is_array());
  }
}

TEST(Problem, NamesFieldsAndCandidates) {
  const base::Error error(Code::kInvalid, "Several contacts have this phone.",
                          {{"contact.phone", "contact_ambiguous", "Name one.", {"a", "b"}}});
  EXPECT_EQ(problem(error, "r").body,
            R"({"type":"about:blank","title":"Unprocessable Content","status":422,)"
            R"("detail":"Several contacts have this phone.","request_id":"r",)"
            R"("errors":[{"field":"contact.phone","code":"contact_ambiguous",)"
            R"("message":"Name one.","ids":["a","b"]}]})");
}

TEST(Problem, InternalErrorsTellNothing) {
  const Response response =
      problem(base::Error(Code::kInternal, "secret", {{"secret", "secret", "secret"}}), "r");
  EXPECT_EQ(response.body.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace annals::http
