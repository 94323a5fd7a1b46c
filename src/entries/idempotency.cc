#include "entries/idempotency.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "base/hash.h"
#include "db/db.h"

namespace annals::entries {
namespace {

constexpr db::LookUp kIdempotency{.one = "SELECT h, key, pos FROM idempotency WHERE h = $2",
                                  .many = R"(
  SELECT f.h, f.key, f.pos FROM unnest(CAST($2 AS bigint[])) AS k (h)
  CROSS JOIN LATERAL (
    SELECT h, key, pos FROM idempotency WHERE business = $1 AND h = k.h LIMIT 1) AS f)",
                                  .of_appended = true};
constexpr db::InsertInto kRemember{
    .table = "idempotency (h, key, pos)", .types = "ibi", .conflict = {}};

}  // namespace

KeyHash hash_key(const base::Bytes& secret, std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) text.append(part).push_back('\0');
  if (!text.empty()) text.pop_back();
  const base::Digest digest = base::hmac_sha256(secret, {base::as_bytes(text)});
  KeyHash hash;
  std::memcpy(&hash.h, digest.data(), sizeof hash.h);
  hash.key.assign(digest.begin() + sizeof hash.h, digest.end());
  return hash;
}

base::Digest hash_draft(const base::Bytes& secret, std::string_view canonical) {
  return base::hmac_sha256(secret, {base::as_bytes(canonical)});
}

void ask_for_slot(db::Asks& asks, const KeyHash& hash) { asks.add(kIdempotency, hash.h); }

Slot find_slot(db::Tx& tx, const KeyHash& hash) {
  Slot slot{.h = hash.h, .pos = {}};
  while (true) {
    db::Rows rows = tx.look_up(kIdempotency, slot.h);
    if (!rows.next()) return slot;
    const base::ByteSpan key = rows->blob(1);
    if (std::equal(key.begin(), key.end(), hash.key.begin(), hash.key.end())) {
      slot.pos = rows->integer(2);
      return slot;
    }
    // A true collision of 64 bits: the next place is probed.
    slot.h = static_cast<std::int64_t>(static_cast<std::uint64_t>(slot.h) + 1U);
  }
}

void take_slot(db::Tx& tx, const Slot& slot, const KeyHash& hash, std::int64_t pos) {
  tx.append(kRemember, {slot.h, base::ByteSpan(hash.key), pos});
  tx.forget_answer(kIdempotency, slot.h);
}

}  // namespace annals::entries
