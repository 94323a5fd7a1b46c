#include "tlog/checkpoint.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/encoding.h"
#include "base/error.h"
#include "tlog/decimal.h"
#include "tlog/note.h"

namespace annals::tlog {
namespace {

// The next line, without its newline; nothing at the end, or where it is empty or has no newline.
std::optional<std::string_view> take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos || end == 0) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

}  // namespace

std::string format_checkpoint(const Checkpoint& checkpoint) {
  CHECK(!checkpoint.origin.empty());
  std::string text = checkpoint.origin + "\n" + std::to_string(checkpoint.size) + "\n" +
                     base::base64(checkpoint.root) + "\n";
  for (const std::string& line : checkpoint.extensions) text.append(line).append("\n");
  return text;
}

std::optional<Checkpoint> parse_checkpoint(std::string_view text) {
  const auto origin = take_line(text);
  if (!origin) return std::nullopt;
  const auto size_line = take_line(text);
  if (!size_line) return std::nullopt;
  const auto root_line = take_line(text);
  if (!root_line) return std::nullopt;
  const auto size = parse_decimal(*size_line);
  const auto root = base::from_base64(*root_line);
  Checkpoint checkpoint{.origin = std::string(*origin), .extensions = {}};
  if (!size || !root || root->size() != checkpoint.root.size()) return std::nullopt;
  checkpoint.size = *size;
  std::copy(root->begin(), root->end(), checkpoint.root.begin());
  while (!text.empty()) {
    const auto line = take_line(text);
    if (!line) return std::nullopt;
    checkpoint.extensions.emplace_back(*line);
  }
  return checkpoint;
}

std::optional<SignedCheckpoint> parse_signed_checkpoint(std::string_view note) {
  auto parsed = parse_note(note);
  if (!parsed) return std::nullopt;
  auto checkpoint = parse_checkpoint(parsed->text);
  if (!checkpoint) return std::nullopt;
  return SignedCheckpoint{.checkpoint = std::move(*checkpoint), .note = std::move(*parsed)};
}

}  // namespace annals::tlog
