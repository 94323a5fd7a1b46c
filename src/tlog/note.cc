#include "tlog/note.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/encoding.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/random.h"

namespace annals::tlog {
namespace {

constexpr std::string_view kDash = "\u2014 ";  // em dash, space
constexpr std::uint8_t kEd25519 = 1;           // the type of a signature
constexpr std::size_t kKeyIdBytes = 4;
constexpr std::string_view kPrivate = "PRIVATE+KEY+";

// Spaces of Unicode besides ASCII's, in UTF-8 (White_Space of PropList.txt).
constexpr std::array<std::string_view, 19> kSpaces = {
    "\u0085", "\u00A0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003",
    "\u2004", "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200A",
    "\u2028", "\u2029", "\u202F", "\u205F", "\u3000"};

std::uint32_t read_u32(base::ByteSpan bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < kKeyIdBytes; ++i) value = value << 8U | bytes[i];
  return value;
}

std::array<std::uint8_t, kKeyIdBytes> bytes_of(std::uint32_t value) {
  return {static_cast<std::uint8_t>(value >> 24U), static_cast<std::uint8_t>(value >> 16U),
          static_cast<std::uint8_t>(value >> 8U), static_cast<std::uint8_t>(value)};
}

std::uint32_t key_id(std::string_view name, base::ByteSpan public_key) {
  static constexpr std::array<std::uint8_t, 2> kMiddle{'\n', kEd25519};
  const base::Digest digest = base::sha256({base::as_bytes(name), kMiddle, public_key});
  return read_u32(digest);
}

bool is_text(std::string_view text) {
  return base::is_utf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
           return static_cast<std::uint8_t>(c) < ' ' && c != '\n';
         });
}

// `— <name> <base64(id ‖ signature)>`, without its newline.
std::optional<NoteSignature> parse_signature(std::string_view line) {
  if (!line.starts_with(kDash)) return std::nullopt;
  line.remove_prefix(kDash.size());
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  NoteSignature signature{.name = std::string(line.substr(0, space)), .signature = {}};
  auto bytes = base::from_base64(line.substr(space + 1));
  if (!is_key_name(signature.name) || !bytes || bytes->size() <= kKeyIdBytes) return std::nullopt;
  signature.key_id = read_u32(*bytes);
  signature.signature.assign(bytes->begin() + kKeyIdBytes, bytes->end());
  return signature;
}

// What a key's text has after its name: `+<id>+<base64(01 ‖ 32 bytes)>`.
struct KeyText {
  std::string name;
  std::uint32_t id = 0;
  std::array<std::uint8_t, 32> bytes{};
};

std::optional<KeyText> parse_key(std::string_view text) {
  const std::size_t first = text.find('+');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = text.find('+', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  KeyText key{.name = std::string(text.substr(0, first))};
  const auto id = base::from_hex(text.substr(first + 1, second - first - 1));
  auto bytes = base::from_base64(text.substr(second + 1));
  if (!is_key_name(key.name) || !id || id->size() != kKeyIdBytes || !bytes ||
      bytes->size() != 1 + key.bytes.size() || bytes->front() != kEd25519) {
    return std::nullopt;
  }
  key.id = read_u32(*id);
  std::copy(bytes->begin() + 1, bytes->end(), key.bytes.begin());
  sodium_memzero(bytes->data(), bytes->size());
  return key;
}

std::string format_key(const std::string& name, std::uint32_t id,
                       const std::array<std::uint8_t, 32>& bytes) {
  std::array<std::uint8_t, 33> typed{kEd25519};
  std::copy(bytes.begin(), bytes.end(), typed.begin() + 1);
  std::string text = name + "+" + base::hex(bytes_of(id)) + "+" + base::base64(typed);
  sodium_memzero(typed.data(), typed.size());
  return text;
}

}  // namespace

bool is_key_name(std::string_view name) {
  return !name.empty() && base::is_utf8(name) && std::none_of(name.begin(), name.end(), [](char c) {
    return static_cast<std::uint8_t>(c) <= ' ' || c == '+';
  }) && std::none_of(kSpaces.begin(), kSpaces.end(), [&](std::string_view space) {
    return name.find(space) != std::string_view::npos;
  });
}

std::optional<Note> parse_note(std::string_view note) {
  if (note.size() > kNoteBytesMax || !is_text(note)) return std::nullopt;
  // The last empty line parts the text, which keeps its newline, from the signatures.
  const std::size_t blank = note.rfind("\n\n");
  if (blank == std::string_view::npos || !note.ends_with('\n')) return std::nullopt;
  Note parsed{.text = std::string(note.substr(0, blank + 1)), .signatures = {}};
  std::string_view rest = note.substr(blank + 2);
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    auto signature = parse_signature(rest.substr(0, end));
    if (!signature || parsed.signatures.size() == kNoteSignaturesMax) return std::nullopt;
    parsed.signatures.push_back(std::move(*signature));
    rest.remove_prefix(end + 1);
  }
  if (parsed.signatures.empty()) return std::nullopt;
  return parsed;
}

std::string format_note(const Note& note) {
  CHECK(note.text.ends_with('\n') && is_text(note.text));
  std::string out = note.text + "\n";
  for (const NoteSignature& signature : note.signatures) {
    const auto id = bytes_of(signature.key_id);
    base::Bytes bytes(id.begin(), id.end());
    bytes.insert(bytes.end(), signature.signature.begin(), signature.signature.end());
    out.append(kDash).append(signature.name).append(" ").append(base::base64(bytes)).append("\n");
  }
  return out;
}

std::string VerifierKey::text() const { return format_key(name, id, public_key); }

std::optional<VerifierKey> VerifierKey::parse(std::string_view text) {
  auto key = parse_key(text);
  if (!key || key->id != key_id(key->name, key->bytes)) return std::nullopt;
  return VerifierKey{.name = std::move(key->name), .id = key->id, .public_key = key->bytes};
}

Signed is_signed_by(const Note& note, const VerifierKey& key) {
  Signed result = Signed::kNo;
  for (const NoteSignature& one : note.signatures) {
    if (one.name != key.name || one.key_id != key.id) continue;
    const base::ByteSpan text = base::as_bytes(note.text);
    if (one.signature.size() != crypto_sign_BYTES ||
        crypto_sign_verify_detached(one.signature.data(), text.data(), text.size(),
                                    key.public_key.data()) != 0) {
      return Signed::kWrongly;
    }
    result = Signed::kYes;
  }
  return result;
}

SigningKey::SigningKey(std::string name, const Seed& seed) : seed_(seed) {
  CHECK(is_key_name(name));
  std::array<std::uint8_t, crypto_sign_SECRETKEYBYTES> secret{};
  crypto_sign_seed_keypair(verifier_.public_key.data(), secret.data(), seed_.data());
  sodium_memzero(secret.data(), secret.size());
  verifier_.name = std::move(name);
  verifier_.id = key_id(verifier_.name, verifier_.public_key);
}

SigningKey::~SigningKey() { sodium_memzero(seed_.data(), seed_.size()); }

SigningKey SigningKey::make(std::string name, const base::Random& random) {
  Seed seed{};
  random.fill(seed);
  SigningKey key(std::move(name), seed);
  sodium_memzero(seed.data(), seed.size());
  return key;
}

NoteSignature SigningKey::sign(std::string_view text) const {
  std::array<std::uint8_t, crypto_sign_PUBLICKEYBYTES> public_key{};
  std::array<std::uint8_t, crypto_sign_SECRETKEYBYTES> secret{};
  crypto_sign_seed_keypair(public_key.data(), secret.data(), seed_.data());
  NoteSignature signature{
      .name = verifier_.name, .key_id = verifier_.id, .signature = base::Bytes(crypto_sign_BYTES)};
  const base::ByteSpan bytes = base::as_bytes(text);
  crypto_sign_detached(signature.signature.data(), nullptr, bytes.data(), bytes.size(),
                       secret.data());
  sodium_memzero(secret.data(), secret.size());
  return signature;
}

std::string SigningKey::text() const {
  return std::string(kPrivate) + format_key(verifier_.name, verifier_.id, seed_);
}

std::optional<SigningKey> SigningKey::parse(std::string_view text) {
  if (!text.starts_with(kPrivate)) return std::nullopt;
  auto parsed = parse_key(text.substr(kPrivate.size()));
  if (!parsed) return std::nullopt;
  SigningKey key(std::move(parsed->name), parsed->bytes);
  sodium_memzero(parsed->bytes.data(), parsed->bytes.size());
  if (key.verifier_.id != parsed->id) return std::nullopt;
  return key;
}

}  // namespace annals::tlog
