// Writes a bundle, in bounded memory. What is written next to each other in the zip is gathered in
// files beside it first, `<path>.parts/`, which go when the writer does.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"
#include "base/id.h"
#include "bundle/format.h"
#include "tlog/checkpoint.h"

namespace annals::bundle {

/// One thread. Throws kStorageFull or kUnavailable where the disk does not take it, kTooLarge
/// beyond the format's limits.
class Writer {
 public:
  /// `manifest` as far as it is known: counts, files and the contacts' tags follow from what is
  /// added. The bundle gets its name, `path`, in finish(); until then it is `<path>.part`.
  Writer(std::string path, Manifest manifest, const tlog::Checkpoint& checkpoint);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// The bytes of an attachment, of which there are not yet any; before the rows that name it or
  /// after them.
  void add_attachment(const base::Id& id, std::string_view name, std::string_view bytes);
  void add_row(const Row& row);
  /// What stands in the leaves of a contact of the manifest.
  void set_tag(const base::Id& contact, const base::Id& tag);
  void add_earlier(const Earlier& earlier);
  /// One whose line is in add_earlier() too, or the bundle's own checkpoint; they rise with their
  /// sizes. `stamped.response` must be a stamp.
  void add_stamp(const Stamped& stamped);
  /// The next leaf of the whole ledger, where the manifest says that it is all there.
  void add_log_leaf(base::ByteSpan leaf);
  /// `note` is the signed checkpoint, `keys` its verifier keys. The file is durable then.
  void finish(const std::string& note, const std::vector<std::string>& keys);
  /// With all that was added.
  [[nodiscard]] const Manifest& manifest() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace annals::bundle
