#include "bench/values.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/id.h"
#include "bench/drafts.h"
#include "catalog/catalog.h"
#include "entries/record.h"
#include "entries/search.h"

namespace annals::bench {
namespace {

constexpr std::size_t kPrepared = 8'192;  // as many as the load has bodies
constexpr std::string_view kContactMark = "1@";

base::Id id_of(std::uint64_t number, base::Micros at) {
  base::Id id;
  const auto ms = static_cast<std::uint64_t>(at / 1'000);
  for (std::size_t i = 0; i < 6; ++i) id.bytes[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
  const std::uint64_t a = mix(number ^ 0x1DU);
  const std::uint64_t b = mix(a);
  std::memcpy(id.bytes.data() + 6, &a, 2);
  std::memcpy(id.bytes.data() + 8, &b, 8);
  id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0FU) | 0x70U);
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3FU) | 0x80U);
  return id;
}

// Bytes that nobody could have guessed, as far as an index can tell.
void scatter(std::span<std::uint8_t> out, std::uint64_t seed) {
  for (std::size_t i = 0; i < out.size(); i += 8) {
    seed = mix(seed + i);
    std::memcpy(out.data() + i, &seed, std::min<std::size_t>(8, out.size() - i));
  }
}

entries::Record record_of(const Draft& draft, const catalog::Type& type, base::Micros now) {
  entries::Record record;
  record.business = id_of(1, now);
  record.contact = id_of(2, now);
  record.id = id_of(3, now);
  record.type = draft.type;
  record.category = type.category;
  record.method = draft.method;
  record.direction = draft.direction;
  record.actor.kind = "none";
  record.recorded_by = {"api_key", id_of(4, now), "bench"};
  record.occurred_at = occurred_at_of(0);
  record.recorded_at = now;
  record.time_zone = "Europe/Berlin";
  record.title = draft.title;
  record.text = draft.text;
  record.details = draft.details;
  record.source = kSource;
  record.source_id = std::string(kSourceIdWidth, '0');
  return record;
}

}  // namespace

Values::Values(std::vector<base::Id> contacts, base::Micros now)
    : contacts_(std::move(contacts)), now_(now) {
  CHECK(!contacts_.empty());
  for (const Draft& draft : make_drafts(kPrepared)) {
    const catalog::Type* type = catalog::builtin_type(draft.type);
    CHECK(type != nullptr);
    const entries::Record record = record_of(draft, *type, now);
    prepared_.push_back({entries::serialise(record), entries::index_words(kBusiness, record),
                         draft.type, type->category, draft.method, draft.direction, type->status});
    CHECK(prepared_.back().words.starts_with(kContactMark));
  }
}

void Values::row(std::uint64_t number, Row& row) const {
  const Prepared& prepared = prepared_[mix(number) % prepared_.size()];
  row.contact_index = contact_of(number, contacts_.size(), 0);
  row.contact = contacts_[row.contact_index];
  row.recorded_at = now_ + static_cast<base::Micros>(number);
  row.occurred_at = occurred_at_of(number);
  row.entry = id_of(number, row.recorded_at);
  row.contact_seq = static_cast<std::int64_t>(number);
  row.leaf_index = static_cast<std::int64_t>(number);
  row.record = prepared.record;
  scatter(row.salt, number ^ 0x5A17U);
  scatter(row.leaf, number ^ 0x1EAFU);
  scatter(row.draft_digest, number ^ 0xD16E57U);
  scatter(row.hash_key, number ^ 0x4E4U);
  row.hash = static_cast<std::int64_t>(mix(number ^ 0x1DE4U));
  row.type = prepared.type;
  row.category = prepared.category;
  row.method = prepared.method;
  row.direction = prepared.direction;
  row.status = prepared.status;
  row.day = row.occurred_at / base::kMicrosPerDay;
  row.words = prepared.words;
  row.words.replace(kContactMark.size(), 2 * row.contact.bytes.size(),
                    base::hex(row.contact.bytes));
}

std::vector<base::Id> make_contacts(std::size_t count) {
  std::vector<base::Id> contacts;
  contacts.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    contacts.push_back(
        id_of(i ^ 0xC0117AC7U, 1'672'531'200'000'000 + static_cast<base::Micros>(i)));
  }
  return contacts;
}

}  // namespace annals::bench
