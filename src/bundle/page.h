// index.html of a bundle: what it proves, for people. No script, no request, no other file but the
// attachments that it links to. It follows from the rest of the bundle alone, so that whoever
// checks that makes it anew and compares. Private to bundle/.
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "bundle/format.h"
#include "tlog/checkpoint.h"

namespace annals::bundle {

class Page {
 public:
  using Sink = std::function<void(std::string_view)>;
  /// `sink` is given the page's text, piece by piece.
  explicit Page(Sink sink) : sink_(std::move(sink)) {}

  /// The manifest as far as it is known before the rows: without counts and files.
  void begin(const Manifest& manifest, const tlog::Checkpoint& checkpoint);
  /// A leaf; `record` is its record, null where it has none. Rows come in the bundle's order.
  void row(const Row& row, const base::Json& record);
  /// With the counts of the manifest.
  void end(const Manifest& manifest);

 private:
  Sink sink_;
  std::string entry_;  // whose leaves are being written
  bool in_article_ = false;
  bool in_table_ = false;
};

}  // namespace annals::bundle
