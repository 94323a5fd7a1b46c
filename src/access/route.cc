#include "access/route.h"

#include <sodium.h>

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "access/actor.h"
#include "access/directory.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/random.h"
#include "db/db.h"
#include "http/message.h"

namespace annals::access {
namespace {

constexpr base::Micros kKept = base::limits::kRequestKeyDays * base::kMicrosPerDay;

// The parts with their lengths before them, so that no two lists of parts look alike.
base::Digest keyed_hash(base::ByteSpan secret, std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) {
    text += std::to_string(part.size());
    text += ':';
    text += part;
  }
  return base::hmac_sha256(secret, {base::as_bytes(text)});
}

// What a request's Idempotency-Key comes to in its business.
struct RequestKey {
  base::Digest key_hash;      // finds the row
  base::Digest request_hash;  // tells the same request from another
  base::Digest seal;          // encrypts the reply: the database alone cannot read it
};

std::string request_line(const http::Request& request) {
  std::string line(http::name_of(request.method));
  line += ' ' + request.path;
  for (const auto& [name, value] : request.query) {
    line += '&' + base::percent_encode(name) + '=' + base::percent_encode(value);
  }
  return line;
}

RequestKey request_key(db::Tx& tx, const Actor& actor, const http::Request& request,
                       std::string_view key) {
  const base::Bytes secret = business_secret(tx, actor.business);
  const std::string_view who = base::as_text(actor.id.bytes);
  const std::string line = request_line(request);
  return {keyed_hash(secret, {"request key", name_of(actor.kind), who, key}),
          keyed_hash(secret, {"request", line, request.header("content-type"), request.body}),
          keyed_hash(secret, {"reply", name_of(actor.kind), who, key})};
}

// A reply as it is kept: its headers and body as JSON, sealed (XSalsa20-Poly1305), nonce first.
base::Bytes sealed(const http::Response& reply, const base::Digest& seal) {
  base::JsonWriter json;
  json.begin_object().key("headers").begin_array();
  for (const auto& [name, value] : reply.headers) {
    json.begin_array().value(name).value(value).end_array();
  }
  json.end_array().member("body", base::base64(base::as_bytes(reply.body))).end_object();
  const base::ByteSpan clear = base::as_bytes(json.text());
  base::Bytes out(crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + clear.size());
  base::system_random().fill(std::span(out).first(crypto_secretbox_NONCEBYTES));
  CHECK(crypto_secretbox_easy(out.data() + crypto_secretbox_NONCEBYTES, clear.data(), clear.size(),
                              out.data(), seal.data()) == 0);
  return out;
}

base::Error unreadable() { return {base::Code::kInternal, "A kept reply cannot be read."}; }

http::Response unsealed(int status, base::ByteSpan kept, const base::Digest& seal) {
  static constexpr std::size_t kOverhead = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
  if (kept.size() < kOverhead) throw unreadable();
  base::Bytes clear(kept.size() - kOverhead);
  const base::ByteSpan box = kept.subspan(crypto_secretbox_NONCEBYTES);
  if (crypto_secretbox_open_easy(clear.data(), box.data(), box.size(), kept.data(), seal.data()) !=
      0) {
    throw unreadable();
  }
  const base::Json json = base::parse_json(base::as_text(clear), clear.size());
  http::Response reply;
  reply.status = status;
  for (const base::Json& pair : json.find("headers")->items()) {
    reply.headers.emplace_back(pair.items().at(0).text(), pair.items().at(1).text());
  }
  const auto body = base::from_base64(json.find("body")->text());
  if (!body) throw unreadable();
  reply.body = base::as_text(*body);
  reply.headers.emplace_back("Idempotency-Replayed", "true");
  return reply;
}

constexpr std::string_view kFindReply = R"(
  SELECT request_hash, status, reply FROM request_keys
  WHERE business = $1 AND key_hash = $2 AND created_at > $3)";

std::optional<http::Response> kept_reply(db::Tx& tx, const Actor& actor, const RequestKey& key) {
  auto rows =
      tx.query(kFindReply, {actor.business, base::ByteSpan(key.key_hash), tx.now() - kKept});
  if (!rows.next()) return std::nullopt;
  if (!base::equal_constant_time(rows->blob(0), key.request_hash)) {
    throw base::conflict("Idempotency-Key", "idempotency_conflict",
                         "This Idempotency-Key was used for another request. Use a new one.");
  }
  return unsealed(static_cast<int>(rows->integer(1)), rows->blob(2), key.seal);
}

constexpr std::string_view kKeepReply = R"(
  INSERT INTO request_keys (business, key_hash, request_hash, status, reply, created_at)
  VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (business, key_hash) DO UPDATE SET request_hash = excluded.request_hash,
    status = excluded.status, reply = excluded.reply, created_at = excluded.created_at)";

constexpr std::string_view kPurgeReplies = R"(
  DELETE FROM request_keys WHERE (business, key_hash) IN (
    SELECT business, key_hash FROM request_keys
    WHERE business = $1 AND created_at <= $2 ORDER BY created_at LIMIT $3))";

void keep_reply(db::Tx& tx, const Actor& actor, const RequestKey& key,
                const http::Response& reply) {
  CHECK(!reply.stream && !reply.events);
  tx.execute(kPurgeReplies, {actor.business, tx.now() - kKept, base::limits::kPurgeRowsMax});
  const base::Bytes kept = sealed(reply, key.seal);
  tx.execute(kKeepReply,
             {actor.business, base::ByteSpan(key.key_hash), base::ByteSpan(key.request_hash),
              reply.status, base::ByteSpan(kept), tx.now()});
}

std::optional<std::string> header_key(const http::Request& request) {
  const std::string_view key = request.header("idempotency-key");
  if (key.empty()) return std::nullopt;
  if (key.size() > base::limits::kIdempotencyKeyCharsMax) {
    throw base::malformed("Idempotency-Key", "too_long",
                          "must have at most " +
                              std::to_string(base::limits::kIdempotencyKeyCharsMax) +
                              " characters");
  }
  return std::string(key);
}

}  // namespace

namespace {

http::Response write_in(const Call& call, db::BusinessKey business,
                        const std::function<http::Response(db::Tx&)>& work) {
  const Actor& actor = call.actor;
  const http::Request& request = call.request;
  const auto key = header_key(request);
  return call.database.write(business, [&](db::Tx& tx) {
    // Without a business there is nobody whose key it could be (set-up, sign-in).
    if (!key || actor.business == db::kNoBusiness) return work(tx);
    const RequestKey hashes = request_key(tx, actor, request, *key);
    if (auto known = kept_reply(tx, actor, hashes)) return std::move(*known);
    http::Response reply = work(tx);
    keep_reply(tx, actor, hashes, reply);
    return reply;
  });
}

}  // namespace

http::Response Call::write(const std::function<http::Response(db::Tx&)>& work) const {
  return write_in(*this, actor.business, work);
}

http::Response Call::write_across(const std::function<http::Response(db::Tx&)>& work) const {
  return write_in(*this, db::kNoBusiness, work);
}

}  // namespace annals::access
