#include "http/multipart.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <utility>

#include "base/error.h"
#include "http/message.h"

namespace annals::http {
namespace {

Request upload(std::string body, std::string type = "multipart/form-data; boundary=XX") {
  Request request;
  request.method = Method::kPost;
  request.headers = {{"content-type", std::move(type)}};
  request.body = std::move(body);
  return request;
}

std::string part(const std::string& header, const std::string& content) {
  return "--XX\r\n" + header + "\r\n\r\n" + content + "\r\n";
}

/// "name|filename|media type|content" of each part.
std::string read(const Request& request) {
  std::string text;
  for (const Part& p : parse_multipart(request)) {
    text += p.name + "|" + p.filename.value_or("-") + "|" + p.media_type + "|" +
            std::string(p.content) + "\n";
  }
  return text;
}

TEST(Multipart, ReadsFieldsAndFiles) {
  const std::string pdf("%PDF\r\n\0--X\r\n", 12);
  const std::string body =
      part("Content-Disposition: form-data; name=\"note\"", "hello") +
      part(
          "Content-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n"
          "Content-Type: application/pdf",
          pdf) +
      part("content-disposition: Form-Data; name=empty; filename=\"\"", "") + "--XX--\r\n";
  EXPECT_EQ(read(upload(body)), "note|-|text/plain|hello\nfile|a.pdf|application/pdf|" + pdf +
                                    "\n" + "empty||application/octet-stream|\n");
  EXPECT_EQ(read(upload("--XX--")), "");
  EXPECT_EQ(read(upload("\r\n" + body, "Multipart/Form-Data; charset=utf-8; boundary=\"XX\"")),
            read(upload(body)));
}

TEST(Multipart, ReadsFilenames) {
  const std::pair<const char*, const char*> cases[] = {
      {"filename=\"a b.txt\"", "a b.txt"},
      {"filename=a.txt", "a.txt"},
      {"filename=\"a\\\"b.txt\"", "a\"b.txt"},
      {"filename=\"a%22b.txt\"", "a\"b.txt"},
      {"filename=\"C:\\dir\\a.txt\"", "a.txt"},
      {"filename=\"../../etc/passwd\"", "passwd"},
      {"filename=\"Größe.pdf\"", "Größe.pdf"},
      {"filename*=UTF-8''Gr%C3%B6%C3%9Fe.pdf", "Größe.pdf"},
      {"filename=\"G.pdf\"; filename*=utf-8'de'Gr%C3%B6%C3%9Fe.pdf", "Größe.pdf"},
      {"filename*=UTF-8''..%2Fa.pdf", "a.pdf"},
  };
  for (const auto& [parameter, name] : cases) {
    const std::string body =
        part("Content-Disposition: form-data; name=\"f\"; " + std::string(parameter), "x") +
        "--XX--";
    EXPECT_EQ(read(upload(body)), "f|" + std::string(name) + "|application/octet-stream|x\n")
        << parameter;
  }
}

TEST(Multipart, RefusesWhatIsWrongAndNamesIt) {
  const std::string form = "Content-Disposition: form-data; name=\"f\"";
  const std::string end = "--XX--\r\n";
  std::string many;
  for (std::size_t i = 0; i <= kMultipartPartsMax; ++i) many += part(form, "");
  struct Case {
    const char* what;
    std::string body;
    std::string type;
    base::Code code;
    const char* field;
  };
  const std::string good = "multipart/form-data; boundary=XX";
  const auto malformed = base::Code::kMalformed;
  const auto invalid = base::Code::kInvalid;
  const auto type = base::Code::kUnsupportedMediaType;
  const Case cases[] = {
      {"other type", "{}", "application/json", type, "content-type"},
      {"no type", "", "", type, "content-type"},
      {"mixed", "", "multipart/mixed; boundary=XX", type, "content-type"},
      {"no boundary", "", "multipart/form-data", malformed, "content-type"},
      {"empty boundary", "", "multipart/form-data; boundary=\"\"", malformed, "content-type"},
      {"long boundary", "", "multipart/form-data; boundary=" + std::string(71, 'x'), malformed,
       "content-type"},
      {"two boundaries", "", good + "; boundary=YY", type, "content-type"},
      {"empty body", "", good, malformed, "body"},
      {"preamble", "hello\r\n" + part(form, "x") + end, good, malformed, "body"},
      {"epilogue", part(form, "x") + end + "more", good, malformed, "body"},
      {"cut", part(form, "x"), good, malformed, "body"},
      {"cut in header", "--XX\r\n" + form, good, malformed, "body"},
      {"boundary runs on", "--XXY\r\n" + form + "\r\n\r\nx\r\n--XX--", good, malformed, "body"},
      {"boundary inside", part(form, "a\r\n--XXb") + end, good, malformed, "body"},
      {"bare LF", "--XX\n" + form + "\n\nx\n--XX--\n", good, malformed, "body"},
      {"too many", many + end, good, invalid, "body"},
      {"no disposition", part("Content-Type: text/plain", "x") + end, good, malformed, "parts[0]"},
      {"no name", part("Content-Disposition: form-data", "x") + end, good, malformed, "parts[0]"},
      {"empty name", part("Content-Disposition: form-data; name=\"\"", "x") + end, good, malformed,
       "parts[0]"},
      {"attachment", part("Content-Disposition: attachment; name=\"f\"", "x") + end, good,
       malformed, "parts[0]"},
      {"open quote", part("Content-Disposition: form-data; name=\"f", "x") + end, good, malformed,
       "parts[0]"},
      {"name twice", part(form + "; name=\"g\"", "x") + end, good, malformed, "parts[0]"},
      {"header twice", part(form + "\r\n" + form, "x") + end, good, malformed, "parts[0]"},
      {"no field", part(form + "\r\nnonsense", "x") + end, good, malformed, "parts[0]"},
      {"long header", part(form + "\r\nX-A: " + std::string(5000, 'a'), "x") + end, good, malformed,
       "parts[0]"},
      {"second part", part(form, "x") + part("X-A: b", "y") + end, good, malformed, "parts[1]"},
      {"long name",
       part("Content-Disposition: form-data; name=\"" + std::string(201, 'n') + "\"", "x") + end,
       good, invalid, "parts[0].name"},
      {"long filename", part(form + "; filename=\"" + std::string(256, 'n') + "\"", "x") + end,
       good, invalid, "f.filename"},
      {"filename of bad UTF-8", part(form + "; filename=\"\xC3\x28\"", "x") + end, good, invalid,
       "f.filename"},
      {"line end in filename", part(form + "; filename*=UTF-8''a%0Ab", "x") + end, good, invalid,
       "f.filename"},
      {"latin filename*", part(form + "; filename*=ISO-8859-1''a%E4", "x") + end, good, malformed,
       "f.filename"},
      {"broken filename*", part(form + "; filename*=UTF-8''a%4", "x") + end, good, malformed,
       "f.filename"},
      {"bad media type", part(form + "\r\nContent-Type: text", "x") + end, good, malformed,
       "f.content_type"},
      {"base64", part(form + "\r\nContent-Transfer-Encoding: base64", "eA==") + end, good,
       malformed, "f"},
  };
  for (const Case& c : cases) {
    try {
      static_cast<void>(parse_multipart(upload(c.body, c.type)));
      ADD_FAILURE() << c.what << " was accepted";
    } catch (const base::Error& error) {
      EXPECT_EQ(error.code(), c.code) << c.what << ": " << error.message();
      EXPECT_EQ(error.errors().at(0).field, c.field) << c.what;
    }
  }
}

}  // namespace
}  // namespace annals::http
