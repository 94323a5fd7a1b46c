#include "http/compression.h"

#include <gtest/gtest.h>
#include <zconf.h>
#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/encoding.h"
#include "base/limits.h"
#include "http/message.h"
#include "http/router.h"
#include "http/server.h"
#include "http/test_client.h"

namespace annals::http {
namespace {

using base::limits::kCompressedReplyBytesMax;
using base::limits::kCompressedReplyBytesMin;

Request asking(const std::string& accepted, Method method = Method::kGet) {
  Request request;
  request.method = method;
  if (!accepted.empty()) request.headers.emplace_back("accept-encoding", accepted);
  return request;
}

std::string value_of(const Response& reply, std::string_view name) {
  for (const auto& [key, value] : reply.headers) {
    if (base::ascii_lower(key) == name) return value;
  }
  return "";
}

std::string items(std::size_t bytes) {
  static constexpr std::string_view kItem = R"({"id":"1","title":"Größe"},)";
  std::string text;
  while (text.size() < bytes) text += kItem;
  return text.substr(0, bytes);
}

/// Of what gzip(1) would give; empty where it is not gzip's from its first byte to its last.
std::string unpacked(std::string packed, std::size_t bytes_max = 2 * kCompressedReplyBytesMax) {
  std::string out(bytes_max, '\0');
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 16) != Z_OK) return "";
  // NOLINTBEGIN(cppcoreguidelines-pro-type-reinterpret-cast): zlib's bytes are unsigned
  stream.next_in = reinterpret_cast<Bytef*>(packed.data());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  // NOLINTEND(cppcoreguidelines-pro-type-reinterpret-cast)
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.avail_out = static_cast<uInt>(out.size());
  const bool whole = inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_in == 0;
  out.resize(whole ? stream.total_out : 0);
  inflateEnd(&stream);
  return out;
}

TEST(Compression, FollowsTheWeightsOfTheRequest) {
  const std::pair<const char*, bool> cases[] = {
      {"gzip", true},
      {"gzip, deflate, br, zstd", true},
      {"GZip ; Q=0.5", true},
      {"br;q=1.0, gzip;q=0.001", true},
      {"*", true},
      {"*;q=0.1, identity;q=0.1", true},
      {"gzip;level=1;q=0.3", true},
      {"gzip;q=2", true},  // no weight at all: not heard
      {"gzip;q=,;,", true},
      {"", false},
      {"identity", false},
      {"br", false},
      {"gzipped, xgzip", false},
      {"gzip;q=0", false},
      {"gzip;q=0.000, *", false},
      {"*, gzip;q=0", false},
      {"*;q=0", false},
      {"gzip;q=0.5, identity", false},
      {"identity;q=0.6, gzip;q=0.5", false},
  };
  for (const auto& [accepted, taken] : cases) {
    Response reply = Response::json(200, items(4'000));
    compress(asking(accepted), reply);
    EXPECT_EQ(value_of(reply, "content-encoding"), taken ? "gzip" : "") << accepted;
    EXPECT_EQ(value_of(reply, "vary"), "Accept-Encoding") << accepted;
    EXPECT_EQ(taken ? unpacked(reply.body) : reply.body, items(4'000)) << accepted;
    EXPECT_EQ(reply.body.size() < 1'000, taken) << accepted;
  }
}

TEST(Compression, HearsTheHeaderThatComesInSeveralLines) {
  Request request = asking("br");
  request.headers.emplace_back("accept-encoding", "gzip;q=0.2");
  EXPECT_EQ(accepted_weight(request, "br"), 1'000);
  EXPECT_EQ(accepted_weight(request, "gzip"), 200);
  EXPECT_EQ(accepted_weight(request, "zstd"), 0);
}

TEST(Compression, LeavesAloneWhatIsTooShortOrTooLong) {
  const std::pair<std::size_t, bool> cases[] = {
      {0, false},
      {kCompressedReplyBytesMin - 1, false},
      {kCompressedReplyBytesMin, true},
      {kCompressedReplyBytesMax, true},
      {kCompressedReplyBytesMax + 1, false},
  };
  for (const auto& [bytes, compressed] : cases) {
    Response reply = Response::json(200, items(bytes));
    compress(asking("gzip"), reply);
    EXPECT_EQ(value_of(reply, "content-encoding"), compressed ? "gzip" : "") << bytes;
    EXPECT_EQ(value_of(reply, "vary"), compressed ? "Accept-Encoding" : "") << bytes;
    EXPECT_EQ(compressed ? unpacked(reply.body) : reply.body, items(bytes)) << bytes;
  }
}

TEST(Compression, IsForTextAlone) {
  const std::pair<const char*, bool> cases[] = {
      {"application/json", true},
      {"Application/JSON; charset=utf-8", true},
      {"text/csv", true},
      {"application/problem+json", true},
      {"application/x-ndjson", true},
      {"image/png", false},
      {"application/pdf", false},
      {"text/event-stream", false},
      {"application/jsonx", false},
  };
  for (const auto& [media_type, compressed] : cases) {
    Response reply;
    reply.headers.emplace_back("Content-Type", media_type);
    reply.body = items(4'000);
    compress(asking("gzip"), reply);
    EXPECT_EQ(value_of(reply, "content-encoding"), compressed ? "gzip" : "") << media_type;
  }
}

TEST(Compression, TellsNothingOfASecretBesideWhatWasSent) {
  for (const Method method : {Method::kPost, Method::kPut, Method::kPatch, Method::kDelete}) {
    Response reply = Response::json(201, items(4'000));
    compress(asking("gzip", method), reply);
    EXPECT_EQ(reply.body, items(4'000));
    EXPECT_EQ(reply.headers.size(), 1U);
  }
}

TEST(Compression, KeepsTheBytesThatAnETagNames) {
  for (const char* name : {"ETag", "etag", "Content-Encoding"}) {
    Response reply = Response::json(200, items(4'000));
    reply.headers.emplace_back(name, "\"7\"");
    compress(asking("gzip"), reply);
    EXPECT_EQ(reply.body, items(4'000)) << name;
    EXPECT_EQ(reply.headers.size(), 2U) << name;
  }
}

TEST(Compression, GivesUpWhereNothingIsGained) {
  std::string noise;
  for (std::uint32_t state = 1; noise.size() < 5'000;) {
    state = state * 1'664'525U + 1'013'904'223U;
    noise += static_cast<char>(state >> 24U);
  }
  Response reply = Response::json(200, noise);
  compress(asking("gzip"), reply);
  EXPECT_EQ(reply.body, noise);
  EXPECT_EQ(value_of(reply, "content-encoding"), "");
}

TEST(Compression, GoesOverTheWire) {
  Router router;
  const auto list = [](const Request&) { return Response::json(200, items(50'000)); };
  router.add({Method::kGet, "/list", list});
  router.add({Method::kPost, "/list", list});
  router.add({Method::kGet, "/stream", [](const Request&) {
                Response reply;
                reply.headers.emplace_back("Content-Type", "text/csv");
                reply.stream = [left = 3]() mutable {
                  return left-- > 0 ? items(50'000) : std::string();
                };
                return reply;
              }});
  Server server(on_free_port(), std::move(router));
  server.start();
  RawClient client(server.port());
  const std::string takes = " HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n";

  const RawReply got = client.ask("GET /list" + takes);
  EXPECT_EQ(got.header("content-encoding"), "gzip");
  EXPECT_EQ(got.header("content-length"), std::to_string(got.body.size()));
  EXPECT_EQ(unpacked(got.body), items(50'000));

  client.send("HEAD /list" + takes);
  const RawReply head = client.reply(true);
  EXPECT_EQ(head.header("content-encoding"), "gzip");
  EXPECT_EQ(head.header("content-length"), got.header("content-length"));

  EXPECT_EQ(client.ask("POST /list" + takes).body, items(50'000));
  EXPECT_EQ(client.ask("GET /list HTTP/1.1\r\nHost: x\r\n\r\n").body, items(50'000));
  const RawReply streamed = client.ask("GET /stream" + takes);
  EXPECT_EQ(streamed.header("content-encoding"), "");
  EXPECT_EQ(streamed.body.size(), 150'000U);
}

}  // namespace
}  // namespace annals::http
