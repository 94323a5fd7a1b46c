// Any bytes are a draft whose record and digest hold, or are refused with every field named.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/encoding.h"
#include "base/error.h"
#include "base/fields.h"
#include "base/json.h"
#include "entries/delivery.h"
#include "entries/draft.h"

namespace base = annals::base;
namespace entries = annals::entries;

namespace {

void expect_refusal(const base::Error& error) {
  CHECK(error.code() == base::Code::kMalformed || error.code() == base::Code::kTooLarge ||
        error.code() == base::Code::kInvalid);
  if (error.code() != base::Code::kInvalid) return;
  CHECK(!error.errors().empty());
  for (const base::FieldError& field : error.errors()) {
    CHECK(!field.code.empty() && !field.message.empty());
    CHECK(base::is_utf8(field.field) && base::is_utf8(field.message));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(base::as_text({data, size}));
  try {
    const base::Json json = base::parse_json(text);
    base::Fields fields(json);
    const entries::Draft draft = entries::parse_draft(fields, json);
    fields.finish();
    CHECK(!draft.type.empty());
    CHECK(base::parse_json(draft.canonical).canonical() == draft.canonical);
  } catch (const base::Error& error) {
    expect_refusal(error);
  }
  try {
    const base::Json json = base::parse_json(text);
    static_cast<void>(entries::parse_correction(json));
  } catch (const base::Error& error) {
    expect_refusal(error);
  }
  try {
    const base::Json json = base::parse_json(text);
    CHECK(entries::is_status(entries::parse_delivery_draft(json).status));
  } catch (const base::Error& error) {
    expect_refusal(error);
  }
  return 0;
}
