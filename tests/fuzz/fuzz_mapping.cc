// Any text is a mapping that plans rows, or is refused with line and column.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/encoding.h"
#include "base/error.h"
#include "transfer/mapping.h"
#include "transfer/mapping_text.h"

namespace base = annals::base;
namespace transfer = annals::transfer;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(base::as_text({data, size}));
  try {
    const transfer::Value value = transfer::parse_mapping_text(text, "m.toml");
    const auto mapping = transfer::Mapping::compile(value, transfer::file_format(value),
                                                    {"id", "name", "at"}, "Europe/Berlin");
    for (const char* cell : {"", "7", "2016-05-02 10:00", "=1+1", "\xC3\xA4"}) {
      const auto plan =
          mapping.plan({.line = 2, .cells = {cell, cell, "2016-05-02T10:00:00Z"}, .fault = {}});
      CHECK(plan.line == 2);
      CHECK(!plan.rejected || !plan.rejected->empty());
    }
  } catch (const base::Error& error) {
    CHECK(error.code() == base::Code::kInvalid || error.code() == base::Code::kTooLarge);
    CHECK(error.message().find("m.toml") != std::string::npos ||
          error.code() == base::Code::kTooLarge);
  }
  return 0;
}
