#include "bench/drafts.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"

namespace annals::bench {
namespace {

struct Kind {
  std::string_view type;
  std::string_view method;  // as the type's own, where it has one
  std::string_view direction;
  unsigned weight;  // of 100
};

constexpr std::array<Kind, 12> kKinds{{{"appointment.booked", "app", "inbound", 22},
                                       {"appointment.completed", "in_person", "inbound", 20},
                                       {"appointment.canceled", "web", "inbound", 5},
                                       {"appointment.no_show", "", "internal", 3},
                                       {"payment.taken", "", "inbound", 14},
                                       {"invoice.sent", "email", "outbound", 6},
                                       {"email.sent", "email", "outbound", 12},
                                       {"sms.sent", "sms", "outbound", 6},
                                       {"call", "phone", "inbound", 5},
                                       {"note", "", "internal", 4},
                                       {"contract.changed", "", "internal", 2},
                                       {"newsletter.opened", "email", "outbound", 1}}};

constexpr std::array<std::string_view, 12> kTitles{
    "Yoga for beginners",    "Rückenschule am Morgen", "Physiotherapy, first visit",
    "Massage 60 minutes",    "Pilates, small group",   "Kontrolltermin Zahnreinigung",
    "Aqua fitness",          "Personal training",      "Beratung Ernährung",
    "Swimming lessons kids", "Meditation am Abend",    "Monthly membership"};

constexpr std::array<std::string_view, 40> kWords{
    "client", "asked",    "about",    "the",    "invoice",    "morning", "prefers",  "room",
    "phone",  "called",   "back",     "Termin", "verschoben", "auf",     "Freitag",  "wegen",
    "Urlaub", "please",   "reminder", "paid",   "cash",       "card",    "terminal", "discount",
    "family", "moved",    "address",  "new",    "course",     "starts",  "teacher",  "changed",
    "Größe",  "bestellt", "shoes",    "water",  "towel",      "knee",    "shoulder", "better"};

constexpr std::array<std::string_view, 8> kPeople{"Ina",  "Jonas", "Marta", "Deniz",
                                                  "Rūta", "Sanne", "Luc",   "Petra"};

constexpr std::uint64_t kRareEvery = 1'000;
constexpr base::Micros kFirst = 1'672'531'200 * base::kMicrosPerSecond;  // 2023-01-01
constexpr std::uint64_t kTimes = 10'000'000;  // entries until time begins again
constexpr base::Micros kStep = 19 * base::kMicrosPerSecond;

const Kind& kind_of(std::uint64_t random) {
  auto at = static_cast<unsigned>(random % 100);
  for (const Kind& kind : kKinds) {
    if (at < kind.weight) return kind;
    at -= kind.weight;
  }
  return kKinds.front();
}

std::string text_of(std::uint64_t index) {
  std::string text;
  const std::size_t words = 6 + mix(index ^ 0x51U) % 9;
  for (std::size_t i = 0; i < words; ++i) {
    if (i > 0) text += ' ';
    text += kWords[mix(index * 64 + i) % kWords.size()];
  }
  if (index % kRareEvery == kRareEvery / 2) (text += ' ') += kRareWord;
  return text;
}

std::string details_of(std::uint64_t index) {
  base::JsonWriter out;
  out.begin_object()
      .member("room", std::to_string(1 + mix(index ^ 0x77U) % 9))
      .member("teacher", kPeople[mix(index ^ 0x99U) % kPeople.size()])
      .member("seats", static_cast<std::int64_t>(mix(index ^ 0xABU) % 20))
      .end_object();
  return out.take();
}

void write_date(char* out, std::int64_t days) {
  // Days since 1970 to a civil date (H. Hinnant, "chrono-compatible low-level date algorithms").
  const std::int64_t z = days + 719'468;
  const std::int64_t era = z / 146'097;
  const std::int64_t doe = z - era * 146'097;
  const std::int64_t yoe = (doe - doe / 1'460 + doe / 36'524 - doe / 146'096) / 365;
  const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const std::int64_t mp = (5 * doy + 2) / 153;
  const std::int64_t day = doy - (153 * mp + 2) / 5 + 1;
  const std::int64_t month = mp < 10 ? mp + 3 : mp - 9;
  const std::int64_t year = yoe + era * 400 + (month <= 2 ? 1 : 0);
  write_digits(out, 4, static_cast<std::uint64_t>(year));
  write_digits(out + 5, 2, static_cast<std::uint64_t>(month));
  write_digits(out + 8, 2, static_cast<std::uint64_t>(day));
}

void write_time(char* out, base::Micros at) {
  const std::int64_t seconds = at / base::kMicrosPerSecond;
  const auto of_day = static_cast<std::uint64_t>(seconds % 86'400);
  write_date(out, seconds / 86'400);
  write_digits(out + 11, 2, of_day / 3'600);
  write_digits(out + 14, 2, of_day / 60 % 60);
  write_digits(out + 17, 2, of_day % 60);
}

}  // namespace

std::uint64_t mix(std::uint64_t number) {
  number += 0x9E3779B97F4A7C15U;
  number = (number ^ (number >> 30U)) * 0xBF58476D1CE4E5B9U;
  number = (number ^ (number >> 27U)) * 0x94D049BB133111EBU;
  return number ^ (number >> 31U);
}

std::vector<Draft> make_drafts(std::size_t count) {
  std::vector<Draft> drafts;
  drafts.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    const Kind& kind = kind_of(mix(i ^ 0x11U));
    drafts.push_back({kind.type, kTitles[mix(i ^ 0x22U) % kTitles.size()], text_of(i),
                      details_of(i), kind.method, kind.direction});
  }
  return drafts;
}

std::uint64_t contact_of(std::uint64_t number, std::uint64_t contacts, double hot) {
  const std::uint64_t random = mix(number ^ 0xC0FFEEU);
  const auto share = static_cast<double>(random >> 40U) / static_cast<double>(1U << 24U);
  if (share < hot) return 0;
  return mix(random) % contacts;
}

base::Micros occurred_at_of(std::uint64_t number) {
  const base::Micros now = kFirst + static_cast<base::Micros>(number % kTimes) * kStep;
  const std::uint64_t random = mix(number ^ 0xDA7EU);
  const auto within = static_cast<base::Micros>(random >> 20U);
  if (random % 5 != 0) return now - within % (60 * base::kMicrosPerSecond);
  return now + within % (28 * base::kMicrosPerDay) - 14 * base::kMicrosPerDay;
}

void write_digits(char* out, std::size_t width, std::uint64_t number) {
  for (std::size_t i = width; i-- > 0; number /= 10) out[i] = static_cast<char>('0' + number % 10);
}

Body make_body(const Draft& draft, bool by_id) {
  Body body;
  body.by_id = by_id;
  base::JsonWriter out;
  // What follows a place is written after it, so that the text's end tells where it is.
  const auto place = [&out](std::string_view name, std::size_t width) {
    out.member(name, std::string(width, '0'));
    return out.text().size() - width - 1;
  };
  out.begin_object().member("type", draft.type).member("source", kSource);
  body.source_id_at = place("source_id", kSourceIdWidth);
  out.key("contact").begin_object();
  if (by_id) {
    body.contact_at = place("id", kIdWidth);
  } else {
    out.member("source", kSource);
    body.contact_at = place("external_id", kExternalIdWidth);
  }
  out.end_object().member("occurred_at", "2026-03-02T09:30:00Z");
  body.occurred_at_at = out.text().size() - kTimeWidth - 1;
  out.member("title", draft.title).member("text", std::string_view(draft.text));
  if (!draft.method.empty()) out.member("method", draft.method);
  if (!draft.direction.empty()) out.member("direction", draft.direction);
  out.key("details").raw(draft.details).end_object();
  body.json = out.take();
  return body;
}

void fill_body(char* json, const Body& body, std::uint64_t number, std::uint64_t contact,
               const std::vector<std::string>& ids) {
  write_digits(json + body.source_id_at, kSourceIdWidth, number);
  if (body.by_id) {
    std::memcpy(json + body.contact_at, ids[contact].data(), kIdWidth);
  } else {
    write_digits(json + body.contact_at, kExternalIdWidth, contact);
  }
  write_time(json + body.occurred_at_at, occurred_at_of(number));
}

}  // namespace annals::bench
