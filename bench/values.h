// What the server would write for the drafts of drafts.h, made beforehand: the bare loops bind it
// and do nothing else. A Values holds a few thousand prepared rows; row() gives entry `number` its
// own keys, contact, times and positions in buffers that the caller keeps.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "tlog/leaf.h"

namespace annals::bench {

/// One entry, as it stands in the tables. Views are into the Values, and into the row itself.
struct Row {
  std::uint64_t contact_index = 0;
  base::Id contact;
  base::Id entry;
  std::int64_t contact_seq = 0;
  std::int64_t leaf_index = 0;
  base::Micros recorded_at = 0;
  base::Micros occurred_at = 0;
  std::string_view record;
  std::array<std::uint8_t, tlog::kSaltBytes> salt{};
  tlog::Leaf leaf{};
  std::array<std::uint8_t, 32> draft_digest{};
  std::int64_t hash = 0;                    // idempotency.h
  std::array<std::uint8_t, 24> hash_key{};  // idempotency.key
  std::string_view type;
  std::string_view category;
  std::string_view method;  // empty for none, likewise below
  std::string_view direction;
  std::string_view status;
  std::int64_t day = 0;
  std::string words;  // of the search index, the contact's own among them
};

class Values {
 public:
  /// For these contacts of business 1; entries get recorded_at from `now` on.
  Values(std::vector<base::Id> contacts, base::Micros now);

  /// Fills `row` for entry `number` (from 0), the `number`-th of the log.
  void row(std::uint64_t number, Row& row) const;

  [[nodiscard]] const std::vector<base::Id>& contacts() const { return contacts_; }

 private:
  struct Prepared {
    std::string record;
    std::string words;  // begins with the contact's, whose 32 hex digits are set by row()
    std::string_view type;
    std::string_view category;
    std::string_view method;
    std::string_view direction;
    std::string_view status;
  };
  std::vector<base::Id> contacts_;
  std::vector<Prepared> prepared_;
  base::Micros now_;
};

inline constexpr std::int64_t kBusiness = 1;

/// Contacts with ids that follow from their number.
[[nodiscard]] std::vector<base::Id> make_contacts(std::size_t count);

}  // namespace annals::bench
