// What is known of a contact: the fields that the API takes and shows. Private to this slice.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/fields.h"
#include "base/id.h"
#include "base/json.h"

namespace annals::contacts {

struct Email {
  std::string address;
  std::string label;
};

struct Phone {
  std::string number;  // as given
  std::string label;
  std::optional<std::string> e164;  // where the number can be read
};

struct Uid {
  std::string source;
  std::string external_id;
};

struct Address {
  std::string label;
  std::vector<std::string> lines;
  std::string postal_code;
  std::string city;
  std::string region;
  std::string country;
};

/// What a contact said about being contacted: one for each channel and purpose.
struct Consent {
  std::string channel;  // chat, email, mail, phone, push, sms
  std::string purpose;  // marketing, newsletter, …: whatever the business asks for
  bool granted = false;
  base::Micros at = 0;  // when it was given or withdrawn
  std::string source;   // how: a form, a call, a page
  std::string note;
};

/// Empty texts are absent ones.
struct Profile {
  bool organization = false;  // else a person
  std::string given_name;
  std::string family_name;
  std::string organization_name;
  std::optional<base::Id> organization_id;
  std::vector<Email> emails;
  std::vector<Phone> phones;
  std::string client_number;
  std::vector<Uid> uids;
  std::string birthday;  // YYYY-MM-DD
  std::string language;
  std::vector<Address> addresses;
  std::vector<std::string> tags;
  std::vector<Consent> consents;
  bool archived = false;
  base::Json attributes = base::Json::object();
};

/// Reads what `body` gives over `profile`: omitted keeps, null clears, lists replace. Errors go to
/// `body`. `country` is where phone numbers without a prefix are from. A consent without `at` has
/// that of the same one in `profile`, else `now`.
void read(base::Fields& body, Profile& profile, const std::string& country, base::Micros now);

/// The members that the API shows, each always there.
[[nodiscard]] base::Json to_json(const Profile& profile);
[[nodiscard]] base::Json to_json(const Consent& consent);
/// Back from to_json().
[[nodiscard]] Profile from_json(const base::Json& json);

/// As shown in lists: the name, else what else tells the contact.
[[nodiscard]] std::string display_name(const Profile& profile);
/// What lists are ordered by: family name first, folded.
[[nodiscard]] std::string sort_name(const Profile& profile);

/// That of `consents` which is for the channel and purpose of `like`; null where none is.
[[nodiscard]] const Consent* same_consent(const std::vector<Consent>& consents,
                                          const Consent& like);

// What finds a contact: keys name one only, ways may be shared.
[[nodiscard]] std::string uid_key(std::string_view source, std::string_view external_id);
[[nodiscard]] std::string email_way(std::string_view address);
/// E.164, else the digits of `number`; empty where it has none.
[[nodiscard]] std::string phone_way(std::string_view number,
                                    const std::optional<std::string>& e164);
[[nodiscard]] std::string digits_of(std::string_view text);

}  // namespace annals::contacts
