// Signed notes (C2SP signed-note): a text with Ed25519 signatures of named keys. Signatures of keys
// that are not known, such as those of witnesses, are kept and passed over.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/random.h"

namespace annals::tlog {

inline constexpr std::size_t kNoteBytesMax = std::size_t{1} << 20;
inline constexpr std::size_t kNoteSignaturesMax = 100;

struct NoteSignature {
  std::string name;
  std::uint32_t key_id = 0;
  base::Bytes signature;
  bool operator==(const NoteSignature&) const = default;
};

struct Note {
  std::string text;  // ends with a newline
  std::vector<NoteSignature> signatures;
  bool operator==(const Note&) const = default;
};

/// Nothing where `note` is none: not UTF-8, control characters, no signature, larger than the
/// limits. Says nothing about who signed.
[[nodiscard]] std::optional<Note> parse_note(std::string_view note);
[[nodiscard]] std::string format_note(const Note& note);

/// Whether `name` may name a key: not empty, no spaces, no plus.
[[nodiscard]] bool is_key_name(std::string_view name);

/// The public half of a key, as those know it who check notes.
struct VerifierKey {
  std::string name;
  std::uint32_t id = 0;
  std::array<std::uint8_t, 32> public_key{};
  bool operator==(const VerifierKey&) const = default;

  /// `<name>+<id>+<base64(01 ‖ public key)>`, the form of Go's note package.
  [[nodiscard]] std::string text() const;
  /// Nothing where the text is none, or its id is not that of its key.
  [[nodiscard]] static std::optional<VerifierKey> parse(std::string_view text);
};

/// What a note says of a key's signature.
enum class Signed { kYes, kNo, kWrongly };
/// kWrongly where one by this key does not hold: then the whole note is to be refused.
[[nodiscard]] Signed is_signed_by(const Note& note, const VerifierKey& key);

/// A key pair. The secret is wiped from memory when it goes.
class SigningKey {
 public:
  static SigningKey make(std::string name, const base::Random& random);
  SigningKey(SigningKey&& other) noexcept = default;
  SigningKey& operator=(SigningKey&& other) noexcept = default;
  SigningKey(const SigningKey&) = default;
  SigningKey& operator=(const SigningKey&) = default;
  ~SigningKey();

  [[nodiscard]] const VerifierKey& verifier() const { return verifier_; }
  /// The same pair under another name, and so another id.
  [[nodiscard]] SigningKey named(std::string name) const { return {std::move(name), seed_}; }
  /// The note's signature of this key over `text`.
  [[nodiscard]] NoteSignature sign(std::string_view text) const;

  /// `PRIVATE+KEY+<name>+<id>+<base64(01 ‖ seed)>`, the form of Go's note package.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] static std::optional<SigningKey> parse(std::string_view text);

 private:
  using Seed = std::array<std::uint8_t, 32>;
  SigningKey(std::string name, const Seed& seed);
  VerifierKey verifier_;
  Seed seed_{};
};

}  // namespace annals::tlog
