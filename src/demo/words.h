// Names and places of people who do not exist.
#pragma once
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace annals::demo {

struct Place {
  std::string postal_code;
  std::string city;
  std::string country;
};

extern const std::vector<std::string> kGermanWomen;
extern const std::vector<std::string> kGermanMen;
extern const std::vector<std::string> kEnglishWomen;
extern const std::vector<std::string> kEnglishMen;
extern const std::vector<std::string> kGermanFamilies;
extern const std::vector<std::string> kEnglishFamilies;
extern const std::vector<std::string> kFamiliesOfTheWorld;
extern const std::vector<std::string> kMailDomains;
extern const std::vector<std::string> kGermanStreets;
extern const std::vector<std::string> kEnglishStreets;
extern const std::vector<Place> kGermanPlaces;
extern const std::vector<Place> kEnglishPlaces;
extern const std::vector<std::string> kGermanTags;
extern const std::vector<std::string> kEnglishTags;

/// `Jürgen-Größ` → `jurgengross`: what may stand in a mail address.
[[nodiscard]] std::string mail_name(std::string_view name);

}  // namespace annals::demo
