#include "tlog/proof.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "tlog/decimal.h"
#include "tlog/note.h"
#include "tlog/tree.h"

namespace annals::tlog {
namespace {

constexpr std::string_view kFirstLine = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kExtra = "extra ";
constexpr std::string_view kIndex = "index ";
constexpr std::size_t kPathMax = 64;
constexpr std::size_t kProofBytesMax = 2 * kNoteBytesMax;

// The next line without its newline; nothing where the text ends before one.
std::optional<std::string_view> take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

bool take_hash(std::string_view line, std::vector<Hash>& path) {
  const auto bytes = base::from_base64(line);
  if (!bytes || bytes->size() != sizeof(Hash) || path.size() == kPathMax) return false;
  std::copy(bytes->begin(), bytes->end(), path.emplace_back().begin());
  return true;
}

}  // namespace

std::string format_proof(const Proof& proof) {
  std::string text(kFirstLine);
  text.append("\n");
  if (!proof.extra.empty()) {
    text.append(kExtra).append(base::base64(proof.extra)).append("\n");
  }
  text.append(kIndex).append(std::to_string(proof.index)).append("\n");
  for (const Hash& hash : proof.path) text.append(base::base64(hash)).append("\n");
  return text.append("\n").append(proof.checkpoint);
}

std::optional<Proof> parse_proof(std::string_view text) {
  if (text.size() > kProofBytesMax || take_line(text) != kFirstLine) return std::nullopt;
  Proof proof;
  auto line = take_line(text);
  if (line && line->starts_with(kExtra)) {
    auto extra = base::from_base64(line->substr(kExtra.size()));
    if (!extra) return std::nullopt;
    proof.extra = std::move(*extra);
    line = take_line(text);
  }
  if (!line || !line->starts_with(kIndex)) return std::nullopt;
  const auto index = parse_decimal(line->substr(kIndex.size()));
  if (!index) return std::nullopt;
  proof.index = *index;
  while ((line = take_line(text)) && !line->empty()) {
    if (!take_hash(*line, proof.path)) return std::nullopt;
  }
  if (!line || !parse_note(text)) return std::nullopt;
  proof.checkpoint = text;
  return proof;
}

}  // namespace annals::tlog
