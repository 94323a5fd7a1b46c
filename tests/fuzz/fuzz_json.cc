// Any bytes are JSON that comes back as it was, or are refused with a code of its own.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/encoding.h"
#include "base/error.h"
#include "base/json.h"

using annals::base::Json;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(annals::base::as_text({data, size}));
  try {
    const Json json = annals::base::parse_json(text);
    const std::string canonical = json.canonical();
    CHECK(annals::base::parse_json(json.dump()) == json);
    CHECK(annals::base::parse_json(canonical).canonical() == canonical);
    CHECK(annals::base::is_utf8(canonical));
  } catch (const annals::base::Error& error) {
    CHECK(error.code() == annals::base::Code::kMalformed ||
          error.code() == annals::base::Code::kTooLarge);
  }
  return 0;
}
