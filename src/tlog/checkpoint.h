// Checkpoints (C2SP tlog-checkpoint): the text of a note that says how a log stood.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tlog/note.h"
#include "tlog/tree.h"

namespace annals::tlog {

struct Checkpoint {
  std::string origin;  // which log
  std::uint64_t size = 0;
  Hash root{};
  std::vector<std::string> extensions;  // further lines, none of them empty
  bool operator==(const Checkpoint&) const = default;
};

/// The note's text.
[[nodiscard]] std::string format_checkpoint(const Checkpoint& checkpoint);
/// Nothing where the text is none.
[[nodiscard]] std::optional<Checkpoint> parse_checkpoint(std::string_view text);

/// A checkpoint with its signatures.
struct SignedCheckpoint {
  Checkpoint checkpoint;
  Note note;
};
/// Nothing where `note` is no note, or its text no checkpoint.
[[nodiscard]] std::optional<SignedCheckpoint> parse_signed_checkpoint(std::string_view note);

}  // namespace annals::tlog
