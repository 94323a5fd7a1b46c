#include "tlog/note.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstddef>
#include <string>

#include "base/random.h"
#include "tlog/checkpoint.h"
#include "tlog/proof.h"
#include "tlog/test_tree.h"
#include "tlog/tree.h"

namespace annals::tlog {
namespace {

// The example of Go's golang.org/x/mod/sumdb/note.
constexpr const char* kVerifier =
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr const char* kSigner =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
constexpr const char* kText =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n";
constexpr const char* kSignature =
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdng"
    "otpRZb6KE6RyyBwJnAM=\n";

std::string known_note() { return std::string(kText) + "\n" + kSignature; }

TEST(NoteTest, TheKnownOneIsReadVerifiedAndSigned) {
  const auto note = parse_note(known_note());
  ASSERT_TRUE(note);
  EXPECT_EQ(note->text, kText);
  const auto verifier = VerifierKey::parse(kVerifier);
  ASSERT_TRUE(verifier);
  EXPECT_EQ(verifier->text(), kVerifier);
  EXPECT_EQ(is_signed_by(*note, *verifier), Signed::kYes);
  const auto signer = SigningKey::parse(kSigner);
  ASSERT_TRUE(signer);
  EXPECT_EQ(signer->text(), kSigner);
  EXPECT_EQ(format_note({.text = kText, .signatures = {signer->sign(kText)}}), known_note());
}

TEST(NoteTest, AChangedTextIsWronglySigned) {
  auto note = parse_note(known_note());
  note->text.replace(0, 2, "Is");
  EXPECT_EQ(is_signed_by(*note, *VerifierKey::parse(kVerifier)), Signed::kWrongly);
}

TEST(NoteTest, AnotherKeysSignatureIsPassedOver) {
  const auto mine = SigningKey::make("mine.example", base::SeededRandom(1));
  auto note = parse_note(known_note());
  EXPECT_EQ(is_signed_by(*note, mine.verifier()), Signed::kNo);
  note->signatures.push_back(mine.sign(note->text));
  const auto both = parse_note(format_note(*note));
  ASSERT_TRUE(both);
  EXPECT_EQ(is_signed_by(*both, mine.verifier()), Signed::kYes);
  EXPECT_EQ(is_signed_by(*both, *VerifierKey::parse(kVerifier)), Signed::kYes);
}

TEST(NoteTest, WhatIsNoNoteIsRefused) {
  const std::string note = known_note();
  for (const std::string& text :
       {std::string(), std::string(kText), note.substr(0, note.size() - 1), note + "\n",
        std::string(kText) + kSignature, "\x01" + note, "\xFF" + note, note + "no signature\n",
        std::string(kText) + "\n\u2014 name AAAA\n", std::string(kText) + "\n\u2014 a+b AAAAAAA=\n",
        std::string(kText) + "\n- PeterNeumann AAAAAAAA\n",
        std::string(kText) + "\n\u2014 PeterNeumann not base64\n"}) {
    EXPECT_FALSE(parse_note(text)) << text;
  }
  std::string many = std::string(kText) + "\n";
  for (std::size_t i = 0; i <= kNoteSignaturesMax; ++i) many += kSignature;
  EXPECT_FALSE(parse_note(many));
  EXPECT_FALSE(parse_note(std::string(kNoteBytesMax, 'x') + note));
}

TEST(NoteTest, KeysOfAnotherIdOrFormAreRefused) {
  for (const char* key : {"", "PeterNeumann", "PeterNeumann+c74f20a3",
                          "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
                          "PaterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
                          "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10",
                          "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"}) {
    EXPECT_FALSE(VerifierKey::parse(key)) << key;
  }
  EXPECT_FALSE(SigningKey::parse(kVerifier));
  EXPECT_FALSE(is_key_name("a b") || is_key_name("a+b") || is_key_name("a\u2003b"));
}

TEST(CheckpointTest, IsReadAsItWasWritten) {
  const Checkpoint checkpoint{.origin = "annals.example/log",
                              .size = 20'852'163,
                              .root = leaf_hash({}),
                              .extensions = {"epoch 1", "another"}};
  const std::string text = format_checkpoint(checkpoint);
  EXPECT_EQ(text,
            "annals.example/log\n20852163\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n"
            "epoch 1\nanother\n");
  EXPECT_EQ(parse_checkpoint(text), checkpoint);
}

TEST(CheckpointTest, WhatIsNoneIsRefused) {
  const std::string root = "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n";
  for (const std::string& text :
       {std::string(), std::string("o\n"), std::string("o\n1\n"), "\n1\n" + root, "o\n01\n" + root,
        "o\n-1\n" + root, "o\n1 \n" + root, "o\n99999999999999999999\n" + root,
        "o\n1\nbjQL\n" + root, "o\n1\n" + root + "\n", "o\n1\n" + root + "x"}) {
    EXPECT_FALSE(parse_checkpoint(text)) << text;
  }
}

Proof example_proof() {
  const auto key = SigningKey::make("mine.example", base::SeededRandom(1));
  const std::string text =
      format_checkpoint({.origin = "o", .size = 3, .root = leaf_hash({}), .extensions = {}});
  return {.extra = {1, 2, 3},
          .index = 2,
          .path = test_leaves(2),
          .checkpoint = format_note({.text = text, .signatures = {key.sign(text)}})};
}

TEST(ProofTest, IsReadAsItWasWritten) {
  const Proof proof = example_proof();
  const std::string text = format_proof(proof);
  EXPECT_TRUE(text.starts_with("c2sp.org/tlog-proof@v1\nextra AQID\nindex 2\n")) << text;
  EXPECT_EQ(parse_proof(text), proof);
  Proof bare = proof;
  bare.extra.clear();
  bare.path.clear();
  EXPECT_EQ(parse_proof(format_proof(bare)), bare);
}

TEST(ProofTest, OfALargeLogIsUnderTwoKibibytes) {
  Proof proof = example_proof();
  proof.extra.resize(66);
  proof.path = test_leaves(30);  // of a log of a thousand million leaves
  EXPECT_LT(format_proof(proof).size(), 2'048U);
}

TEST(ProofTest, WhatIsCutOffIsRefused) {
  const std::string text = format_proof(example_proof());
  for (std::size_t n = 0; n < text.size(); ++n) EXPECT_FALSE(parse_proof(text.substr(0, n))) << n;
  Proof long_path = example_proof();
  long_path.path = test_leaves(65);
  EXPECT_FALSE(parse_proof(format_proof(long_path)));
}

// Whatever bytes come, reading ends, and what is read is written as it came.
TEST(ProofTest, AnyBytesAreReadOrRefused) {
  EXPECT_TRUE(rc::check([] {
    std::string text = format_proof(example_proof());
    const std::size_t flips = *rc::gen::inRange<std::size_t>(0, 4);
    for (std::size_t i = 0; i < flips; ++i) {
      text[*rc::gen::inRange<std::size_t>(0, text.size())] = *rc::gen::arbitrary<char>();
    }
    if (const auto proof = parse_proof(text)) {
      RC_ASSERT(format_proof(*proof) == text);
    }
  }));
}

}  // namespace
}  // namespace annals::tlog
