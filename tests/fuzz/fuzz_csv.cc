// Any bytes are rows, with faults or without, and reading them ends.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/encoding.h"
#include "base/error.h"
#include "transfer/csv.h"
#include "transfer/input.h"

namespace transfer = annals::transfer;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = transfer::text_input(std::string(annals::base::as_text({data, size})));
  transfer::CsvReader reader(*input, {});
  transfer::CsvRow row;
  std::int64_t line = 0;
  std::size_t rows = 0;
  try {
    while (reader.next(row)) {
      CHECK(++rows <= size);
      CHECK(row.line > line);
      CHECK(!row.cells.empty());
      line = row.line;
    }
  } catch (const annals::base::Error&) {
    // a gzip that is damaged
  }
  return 0;
}
