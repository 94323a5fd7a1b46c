// Any bytes are no time, or one that is written and read back as the same.
#include <cstddef>
#include <cstdint>

#include "base/encoding.h"
#include "base/error.h"
#include "base/time.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = annals::base::as_text({data, size});
  if (const auto instant = annals::base::parse_rfc3339(text)) {
    CHECK(annals::base::parse_rfc3339(annals::base::format_rfc3339(*instant)) == instant);
    const auto day = annals::base::day_in_zone(*instant, "America/Sao_Paulo");
    CHECK(annals::base::start_of_day(day, "America/Sao_Paulo") <= *instant);
  }
  if (const auto day = annals::base::parse_date(text)) {
    CHECK(annals::base::format_date(*day) == text);
  }
  return 0;
}
