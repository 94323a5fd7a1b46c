#include "http/compression.h"

#include <zconf.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/encoding.h"
#include "base/limits.h"
#include "http/message.h"

namespace annals::http {
namespace {

using base::limits::kCompressedReplyBytesMax;
using base::limits::kCompressedReplyBytesMin;

/// The quickest: the next ones take half as long again, for a tenth fewer bytes.
constexpr int kLevel = 1;
constexpr int kWindowBits = 15 + 16;  // + 16: with gzip's head and check
constexpr int kMemoryLevel = 8;

constexpr int kWeightMax = 1'000;

/// Of a weight as RFC 9110 §12.4.2 has it ("0.5"); nothing where it is none.
std::optional<int> thousandths_of(std::string_view number) {
  if (number.empty() || number.size() > 5 || (number[0] != '0' && number[0] != '1') ||
      (number.size() > 1 && number[1] != '.')) {
    return std::nullopt;
  }
  int value = number[0] - '0';
  for (std::size_t i = 2; i < 5; ++i) {
    const char digit = i < number.size() ? number[i] : '0';
    if (digit < '0' || digit > '9') return std::nullopt;
    value = value * 10 + (digit - '0');
  }
  return value <= kWeightMax ? std::optional(value) : std::nullopt;
}

/// The part of `list` before `separator`, trimmed, which is taken off.
std::string_view next_part(std::string_view& list, char separator) {
  const std::size_t end = std::min(list.find(separator), list.size());
  const std::string_view part = base::trim(list.substr(0, end));
  list.remove_prefix(std::min(end + 1, list.size()));
  return part;
}

/// The weight among an item's parameters; who writes one that is none is not heard with it.
int weight_in(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view parameter = next_part(parameters, ';');
    if (parameter.starts_with("q=") || parameter.starts_with("Q=")) {
      return thousandths_of(parameter.substr(2)).value_or(kWeightMax);
    }
  }
  return kWeightMax;
}

/// What the request says of `coding` itself, and of all those that it does not name.
struct Weights {
  std::optional<int> own;
  std::optional<int> any;
};

Weights weights_of(const Request& request, std::string_view coding) {
  Weights weights;
  for (const auto& [name, value] : request.headers) {
    if (name != "accept-encoding") continue;
    std::string_view list = value;
    while (!list.empty()) {
      std::string_view item = next_part(list, ',');
      const std::string_view named = next_part(item, ';');
      if (named == "*") weights.any = weight_in(item);
      if (base::ascii_lower(named) == coding) weights.own = weight_in(item);
    }
  }
  return weights;
}

bool takes_gzip(const Request& request) {
  const int gzip = accepted_weight(request, "gzip");
  return gzip > 0 && gzip >= weights_of(request, "identity").own.value_or(0);
}

/// Text that people and machines read, which becomes several times as short.
bool is_text(std::string_view media_type) {
  static constexpr std::array<std::string_view, 4> kTexts = {
      "application/json", "application/problem+json", "application/x-ndjson", "text/csv"};
  const std::string name = base::ascii_lower(next_part(media_type, ';'));
  return std::find(kTexts.begin(), kTexts.end(), name) != kTexts.end();
}

bool may_be_compressed(const Request& request, const Response& reply) {
  if (reply.body.size() < kCompressedReplyBytesMin ||
      reply.body.size() > kCompressedReplyBytesMax) {
    return false;
  }
  if (request.method != Method::kGet && request.method != Method::kHead) return false;
  bool text = false;
  for (const auto& [name, value] : reply.headers) {
    const std::string lower = base::ascii_lower(name);
    if (lower == "etag" || lower == "content-encoding") return false;
    if (lower == "content-type") text = is_text(value);
  }
  return text;
}

struct EndDeflate {
  void operator()(z_stream* stream) const { deflateEnd(stream); }
};

/// Nothing where it would not be shorter. No more memory is taken than the text has.
std::optional<std::string> gzip(std::string& text) {
  z_stream stream{};
  if (deflateInit2(&stream, kLevel, Z_DEFLATED, kWindowBits, kMemoryLevel, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    throw std::bad_alloc();
  }
  const std::unique_ptr<z_stream, EndDeflate> end(&stream);
  std::string out(text.size(), '\0');
  // NOLINTBEGIN(cppcoreguidelines-pro-type-reinterpret-cast): zlib's bytes are unsigned
  stream.next_in = reinterpret_cast<Bytef*>(text.data());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  // NOLINTEND(cppcoreguidelines-pro-type-reinterpret-cast)
  stream.avail_in = static_cast<uInt>(text.size());
  stream.avail_out = static_cast<uInt>(out.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) return std::nullopt;
  out.resize(stream.total_out);
  out.shrink_to_fit();  // it may wait long for a slow client, and counts as what it holds
  return out;
}

}  // namespace

int accepted_weight(const Request& request, std::string_view coding) {
  const Weights weights = weights_of(request, coding);
  return weights.own.value_or(weights.any.value_or(0));
}

void compress(const Request& request, Response& reply) {
  if (!may_be_compressed(request, reply)) return;
  reply.headers.emplace_back("Vary", "Accept-Encoding");
  if (!takes_gzip(request)) return;
  auto shorter = gzip(reply.body);
  if (!shorter) return;
  reply.body = *std::move(shorter);
  reply.headers.emplace_back("Content-Encoding", "gzip");
}

}  // namespace annals::http
