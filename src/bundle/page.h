// index.html of a bundle: what it proves, for people. No script, no request, no other file but the
// attachments that it links to. It follows from the rest of the bundle alone, so that whoever
// checks that makes it anew and compares. Private to bundle/.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "bundle/format.h"
#include "tlog/checkpoint.h"

namespace annals::bundle {

/// When the first `size` leaves were there, as an authority says.
struct StampedTime {
  std::uint64_t size = 0;
  base::Micros time = 0;
};

/// "2026-03-02 08:30:00 UTC".
[[nodiscard]] std::string time_text(base::Micros micros);

class Page {
 public:
  using Sink = std::function<void(std::string_view)>;
  /// `sink` is given the page's text, piece by piece.
  explicit Page(Sink sink) : sink_(std::move(sink)) {}

  /// The manifest as far as it is known before the rows: without counts and files.
  void begin(const Manifest& manifest, const tlog::Checkpoint& checkpoint);
  /// A leaf; `record` is its record, null where it has none. Rows come in the bundle's order.
  void row(const Row& row, const base::Json& record);
  /// With the counts of the manifest. `stamps` rise with their sizes.
  void end(const Manifest& manifest, const std::vector<StampedTime>& stamps);

 private:
  Sink sink_;
  std::string entry_;  // whose leaves are being written
  bool in_article_ = false;
  bool in_table_ = false;
};

}  // namespace annals::bundle
