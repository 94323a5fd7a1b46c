// What was recorded by which key, for good: the index that tells a repeat. Private to entries/.
//
// It holds keyed hashes: no clear text, and nothing that can be guessed without the business's
// secret.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "base/encoding.h"
#include "base/hash.h"
#include "db/db.h"

namespace annals::entries {

/// What stands for a key in the index.
struct KeyHash {
  std::int64_t h = 0;
  base::Bytes key;  // 24 bytes
};
/// Of texts without NUL.
[[nodiscard]] KeyHash hash_key(const base::Bytes& secret,
                               std::initializer_list<std::string_view> parts);
/// Of a draft as it came, which tells a repeat from a conflict.
[[nodiscard]] base::Digest hash_draft(const base::Bytes& secret, std::string_view canonical);

/// The slot of a key: where in the journal it stands, or the first free h from its own on.
struct Slot {
  std::int64_t h = 0;
  std::optional<std::int64_t> pos;
};
void ask_for_slot(db::Asks& asks, const KeyHash& hash);
[[nodiscard]] Slot find_slot(db::Tx& tx, const KeyHash& hash);
void take_slot(db::Tx& tx, const Slot& slot, const KeyHash& hash, std::int64_t pos);

}  // namespace annals::entries
