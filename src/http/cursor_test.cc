#include "http/cursor.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "base/error.h"
#include "http/message.h"

namespace annals::http {
namespace {

Request with_cursor(std::string cursor) {
  Request request;
  request.query = {{"cursor", std::move(cursor)}};
  return request;
}

TEST(Cursor, GoesBackToItsListOnly) {
  const Request request = with_cursor(make_cursor("names?tag=a", "Müller"));
  EXPECT_EQ(open_cursor(request, "names?tag=a"), "Müller");
  EXPECT_THROW((void)open_cursor(request, "names?tag=b"), base::Error);
}

TEST(Cursor, IsEmptyWhereNoneIsGiven) {
  EXPECT_EQ(open_cursor(Request{}, "names"), "");
  EXPECT_EQ(open_cursor(with_cursor(""), "names"), "");
}

TEST(Cursor, IsRefusedWhereBroken) {
  for (const char* cursor : {"x", "!!!!", "AAAA", "AAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAA"}) {
    EXPECT_THROW((void)open_cursor(with_cursor(cursor), "names"), base::Error) << cursor;
  }
}

}  // namespace
}  // namespace annals::http
