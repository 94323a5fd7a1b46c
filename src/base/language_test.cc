#include "base/language.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace annals::base {
namespace {

TEST(LanguageTag, IsWrittenAsRecommended) {
  EXPECT_EQ(language_tag("de"), "de");
  EXPECT_EQ(language_tag("DE-at"), "de-AT");
  EXPECT_EQ(language_tag("zh-hant-tw"), "zh-Hant-TW");
  EXPECT_EQ(language_tag("es-419"), "es-419");
}

TEST(LanguageTag, RefusesWhatIsNone) {
  for (const char* bad :
       {"", "d", "german!", "de_AT", "de-", "-de", "de-AT-", "deutschland-x y", "12", "de--AT"}) {
    EXPECT_EQ(language_tag(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(language_tag(std::string(36, 'a')), std::nullopt);
}

}  // namespace
}  // namespace annals::base
