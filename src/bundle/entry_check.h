// The rows of a bundle, one after the other: each against its leaf and the ledger, and those of an
// entry against each other. Private to bundle/.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/json.h"
#include "bundle/check.h"
#include "bundle/format.h"
#include "tlog/checkpoint.h"

namespace annals::bundle {

/// What is in the zip of an attachment.
struct FoundFile {
  std::int64_t size = 0;
  base::Digest sha256{};
};
using FoundFiles = std::map<std::string, FoundFile>;  // by path

class EntryCheck {
 public:
  EntryCheck(const Manifest& manifest, const tlog::Checkpoint& checkpoint, const FoundFiles& files,
             const std::function<void(const Finding&)>& finding,
             const std::function<void(const std::string&)>& missing);

  /// The next row; gives its record, null where there is none to read.
  base::Json add(const Row& row);
  /// Ends the last entry, and compares the leaves of each contact with each other.
  void finish();

  struct Counts {
    std::int64_t entries = 0;
    std::int64_t shown = 0;
    std::int64_t withheld = 0;
    std::int64_t erased = 0;
    std::int64_t mismatches = 0;
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  // An entry whose rows are being read.
  struct Open {
    base::Id id;
    Finding finding;
  };
  // Where a leaf stands.
  struct Place {
    std::uint32_t tag = 0;  // its number in tags_
    std::int64_t seq = 0;
    std::uint64_t index = 0;
    base::Micros recorded_at = 0;
  };
  struct Tag {
    std::uint32_t number = 0;
    std::optional<base::Id> contact;
  };

  void without_content(const Row& row, std::string fault);
  base::Json with_content(const Row& row, std::string fault);
  [[nodiscard]] std::string check_leaf(const Row& row);
  [[nodiscard]] std::string check_record(const Row& row, const base::Json& record);
  [[nodiscard]] std::string check_attachments(const Row& row, const base::Json& record);
  void join(const Row& row, const base::Json& record, std::string fault);
  void close();
  void check_sequences();

  const Manifest& manifest_;
  const tlog::Checkpoint& checkpoint_;
  const FoundFiles& files_;
  const std::function<void(const Finding&)>& finding_;
  const std::function<void(const std::string&)>& missing_;
  Counts counts_;
  std::optional<Open> open_;
  std::vector<Place> places_;
  std::map<base::Id, Tag> tags_;
  std::map<base::Id, base::Id> contacts_;  // to their tags
};

}  // namespace annals::bundle
