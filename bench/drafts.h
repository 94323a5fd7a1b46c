// The entries that the benchmark writes: what a studio's systems and staff record in a day, some
// 350 bytes a draft. Which draft, which contact and when follow from a number alone, so that the
// server and the bare engine are given the same work.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace annals::bench {

/// A good hash of a number (splitmix64).
[[nodiscard]] std::uint64_t mix(std::uint64_t number);

struct Draft {
  std::string_view type;
  std::string_view title;
  std::string text;
  std::string details;  // a JSON object, minified
  std::string_view method;
  std::string_view direction;
};

/// A word that one draft in 1,000 has in its text, and one that none has.
inline constexpr std::string_view kRareWord = "zahnspange";

/// `count` drafts. What differs between entries made of one draft is their key, contact and time.
[[nodiscard]] std::vector<Draft> make_drafts(std::size_t count);

/// Which of `contacts` contacts entry `number` is for. With `hot` of 0.01, one in 100 entries is
/// for the first contact, beside its share of the others.
[[nodiscard]] std::uint64_t contact_of(std::uint64_t number, std::uint64_t contacts, double hot);

/// When entry `number` happened: time goes on by 19 s an entry (5,000,000 are three years), from
/// 2023-01-01; four in five were recorded within the minute, the others up to two weeks off.
[[nodiscard]] base::Micros occurred_at_of(std::uint64_t number);

inline constexpr std::string_view kSource = "bench";

/// Writes `number` in decimal digits over the whole of `out`.
void write_digits(char* out, std::size_t width, std::uint64_t number);

/// A draft as a body of POST /entries, with places for what differs.
struct Body {
  std::string json;
  std::size_t source_id_at = 0;    // kSourceIdWidth digits
  std::size_t contact_at = 0;      // kExternalIdWidth digits, or the 36 characters of an id
  std::size_t occurred_at_at = 0;  // kTimeWidth characters
  bool by_id = false;
};

inline constexpr std::size_t kSourceIdWidth = 12;
inline constexpr std::size_t kExternalIdWidth = 9;
inline constexpr std::size_t kIdWidth = 36;
inline constexpr std::size_t kTimeWidth = 20;  // 2026-03-02T09:30:00Z

/// `by_id` names the contact by {id}, else by {source, external_id}.
[[nodiscard]] Body make_body(const Draft& draft, bool by_id);

/// Fills the places of a copy of `body.json` at `json` for entry `number`. `ids` are the contacts'
/// ids, by external id.
void fill_body(char* json, const Body& body, std::uint64_t number, std::uint64_t contact,
               const std::vector<std::string>& ids);

}  // namespace annals::bench
