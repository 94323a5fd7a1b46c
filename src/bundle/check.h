// Whether a bundle is what it says, from the bundle alone: each record against its leaf, each leaf
// against the signed checkpoint, each attachment against its record, the contacts' sequences, the
// page against the records, and the checkpoint against those that were kept elsewhere.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "bundle/format.h"
#include "tlog/checkpoint.h"

namespace annals::bundle {

enum class Verdict {
  kOk,
  kCorrected,  // ok, and corrected or retracted since
  kErased,     // its content is gone; that it was there is proven
  kWithheld,   // its content was not handed out; that it is there is proven
  kMismatch,   // not what was entered into the ledger
};
[[nodiscard]] std::string_view name_of(Verdict verdict);

/// Of an entry, or of a leaf without content.
struct Finding {
  Verdict verdict = Verdict::kOk;
  std::string entry{};     // its id; empty where it has no content
  std::uint64_t leaf = 0;  // of its first version
  std::int64_t versions = 1;
  std::int64_t delivery_events = 0;
  bool retracted = false;
  std::string what{};  // of a mismatch
};

struct KnownCheckpoint {
  std::string from;  // the file's name, for messages
  std::string note;
};

/// A time stamp that is what it should be: of a checkpoint that the ledger grew from.
struct StampFinding {
  std::uint64_t size = 0;  // of that checkpoint
  base::Micros time = 0;   // when it was there
  bool trusted = false;    // the signature was checked with CheckOptions::authorities
};

struct CheckOptions {
  std::vector<KnownCheckpoint> known{};  // kept by who checks
  std::vector<std::string> keys{};       // verifier keys to trust instead of the bundle's own
  std::string authorities{};  // certificates in PEM that vouch for who stamped; empty: any may have
  std::function<void(const StampFinding&)> stamp{};
  std::function<void(const Finding&)> finding{};
  /// What is wrong besides, in a line.
  std::function<void(const std::string&)> problem{};
};

struct Report {
  Manifest manifest;  // without its files
  tlog::Checkpoint checkpoint;
  std::int64_t entries = 0;
  std::int64_t leaves = 0;
  std::int64_t faults = 0;    // that something is not what it says
  std::int64_t diverged = 0;  // checkpoints that were kept and differ
  std::int64_t missing = 0;   // that would have to be there
  std::int64_t anchors = 0;   // checkpoints that were kept and hold
  /// 0 verified, 10 verified and compared with no checkpoint from elsewhere, 20 incomplete, 30
  /// diverged, 40 invalid.
  [[nodiscard]] int exit_code() const;
};

/// Reads in bounded memory, changes nothing. Throws kNotFound where the file cannot be read,
/// kMalformed where it is no bundle or is damaged, kInvalid where an option is wrong.
[[nodiscard]] Report check(const std::string& path, const CheckOptions& options);

}  // namespace annals::bundle
