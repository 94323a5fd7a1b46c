// Any UTF-8 gives words in order, inside the text, and the short way past ICU gives the same ones.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/encoding.h"
#include "base/error.h"
#include "base/text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(annals::base::as_text({data, size}));
  if (!annals::base::is_utf8(text)) return 0;
  const auto tokens = annals::base::analyse(text);
  CHECK(tokens == annals::base::internal::analyse_by_icu(text));
  std::size_t begin = 0;
  for (const annals::base::Token& token : tokens) {
    CHECK(!token.word.empty() && token.word.size() <= annals::base::kWordBytesMax);
    CHECK(annals::base::is_utf8(token.word));
    CHECK(begin <= token.begin && token.begin < token.end && token.end <= text.size());
    begin = token.begin;
  }
  return 0;
}
