// Any bytes are a signed note, a checkpoint or a key that is written as it was read, or none; and
// whatever somebody does to a signed note, what still bears the key's signature is its text.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "base/error.h"
#include "base/random.h"
#include "tests/fuzz/splice.h"
#include "tlog/checkpoint.h"
#include "tlog/note.h"
#include "tlog/tree.h"

namespace base = annals::base;
namespace fuzz = annals::fuzz;
namespace tlog = annals::tlog;

namespace {

constexpr const char* kOrigin = "annals/0190a2c6-7c11-7a52-8f1e-0d2b3c4d5e6f";

struct Honest {
  tlog::SigningKey key = tlog::SigningKey::make(kOrigin, base::SeededRandom(1));
  tlog::SigningKey witness = tlog::SigningKey::make("witness.example", base::SeededRandom(2));
  std::string text = tlog::format_checkpoint(
      {.origin = kOrigin, .size = 1'000, .root = tlog::empty_root(), .extensions = {"more"}});
  std::string note =
      tlog::format_note({.text = text, .signatures = {witness.sign(text), key.sign(text)}});
};

void read_any(std::string_view bytes) {
  if (const auto note = tlog::parse_note(bytes)) {
    CHECK(tlog::parse_note(tlog::format_note(*note)) == note);
  }
  if (const auto checkpoint = tlog::parse_checkpoint(bytes)) {
    CHECK(tlog::parse_checkpoint(tlog::format_checkpoint(*checkpoint)) == checkpoint);
  }
  if (const auto verifier = tlog::VerifierKey::parse(bytes)) {
    CHECK(tlog::VerifierKey::parse(verifier->text()) == verifier);
  }
  if (const auto key = tlog::SigningKey::parse(bytes)) {
    CHECK(tlog::SigningKey::parse(key->text())->verifier() == key->verifier());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Honest honest;
  fuzz::Input input{base::as_text({data, size})};
  switch (input.number(1) % 4) {
    case 0:
      read_any(input.rest);
      break;
    case 1: {
      std::string note = honest.note;
      while (!input.rest.empty()) fuzz::splice(note, input);
      read_any(note);
      const auto signed_now = tlog::parse_signed_checkpoint(note);
      if (signed_now &&
          tlog::is_signed_by(signed_now->note, honest.key.verifier()) == tlog::Signed::kYes) {
        CHECK(signed_now->note.text == honest.text);
      }
      break;
    }
    case 2: {
      std::string text = honest.text;
      while (!input.rest.empty()) fuzz::splice(text, input);
      read_any(text);
      break;
    }
    default: {
      std::string key = input.number(1) % 2 == 0 ? honest.key.text() : honest.key.verifier().text();
      while (!input.rest.empty()) fuzz::splice(key, input);
      read_any(key);
    }
  }
  return 0;
}
