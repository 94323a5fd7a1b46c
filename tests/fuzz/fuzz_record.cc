// Any bytes are a record that reads the same once it is written again, or are refused.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/encoding.h"
#include "base/error.h"
#include "base/json.h"
#include "entries/delivery.h"
#include "entries/record.h"

using annals::entries::parse_record;
using annals::entries::serialise;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(annals::base::as_text({data, size}));
  try {
    const std::string written = serialise(annals::entries::parse_delivery(text));
    CHECK(serialise(annals::entries::parse_delivery(written)) == written);
    CHECK(annals::base::parse_json(written).canonical() == written);
  } catch (const annals::base::Error& error) {
    CHECK(error.code() == annals::base::Code::kInternal ||
          error.code() == annals::base::Code::kTooLarge);
  }
  try {
    const std::string written = serialise(parse_record(text));
    CHECK(serialise(parse_record(written)) == written);
    CHECK(annals::base::parse_json(written).canonical() == written);
  } catch (const annals::base::Error& error) {
    CHECK(error.code() == annals::base::Code::kInternal ||
          error.code() == annals::base::Code::kTooLarge);
  }
  return 0;
}
