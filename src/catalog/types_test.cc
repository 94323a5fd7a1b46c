#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>

#include "catalog/catalog.h"
#include "catalog/store.h"

namespace annals::catalog {
namespace {

TEST(Types, AreInOrderSoThatTheyAreFound) {
  const auto types = builtin_types();
  for (std::size_t i = 1; i < types.size(); ++i) {
    EXPECT_LT(types[i - 1].name, types[i].name);
  }
  for (const Type& type : types) EXPECT_EQ(builtin_type(type.name), &type) << type.name;
  EXPECT_EQ(builtin_type("appointment.stolen"), nullptr);
  EXPECT_EQ(builtin_type(""), nullptr);
  EXPECT_EQ(builtin_type("zzz"), nullptr);
}

TEST(Types, UseTheVocabularyOnly) {
  const std::set<std::string_view> statuses = {"awaiting_send", "sent",       "delivered",
                                               "unopened",      "opened",     "clicked",
                                               "bounced",       "complained", "failed"};
  for (const Type& type : builtin_types()) {
    EXPECT_TRUE(is_type_name(type.name)) << type.name;
    EXPECT_TRUE(is_category(type.category)) << type.name;
    EXPECT_TRUE(type.method.empty() || is_method(type.method)) << type.name;
    EXPECT_TRUE(type.direction.empty() || is_direction(type.direction)) << type.name;
    EXPECT_TRUE(type.status.empty() || statuses.contains(type.status)) << type.name;
    EXPECT_TRUE(type.status.empty() || type.category == "messages") << type.name;
    EXPECT_FALSE(type.title.empty()) << type.name;
  }
}

TEST(Types, CoverEachCategory) {
  for (const std::string_view category : categories()) {
    const auto types = builtin_types();
    EXPECT_TRUE(std::any_of(types.begin(), types.end(), [&](const Type& type) {
      return type.category == category;
    })) << category;
  }
}

TEST(Types, WorkOutOfTheBox) {
  for (const char* name : {"contract.created",
                           "contract.changed",
                           "contract.ended",
                           "contract.deleted",
                           "pause.confirmed",
                           "pause.changed",
                           "pause.deleted",
                           "cancellation.received",
                           "cancellation.confirmed",
                           "appointment.booked",
                           "appointment.changed",
                           "appointment.completed",
                           "appointment.no_show",
                           "appointment.canceled",
                           "appointment.participant_removed",
                           "appointment.waitlisted",
                           "appointment.waitlist_left",
                           "appointment.confirmation_sent",
                           "appointment.reminder_sent",
                           "appointment.waitlist_confirmed",
                           "stay.booked",
                           "stay.checked_in",
                           "stay.checked_out",
                           "invoice.created",
                           "invoice.sent",
                           "invoice.voided",
                           "payment.taken",
                           "payment.failed",
                           "payment.refunded",
                           "email.sent",
                           "email.received",
                           "sms.sent",
                           "sms.received",
                           "push.sent",
                           "letter.sent",
                           "letter.received",
                           "newsletter.sent",
                           "note",
                           "call",
                           "visit",
                           "meeting",
                           "consent.signed",
                           "consent.withdrawn",
                           "document.uploaded",
                           "document.printed",
                           "task.created",
                           "task.completed",
                           "task.canceled",
                           "account.created",
                           "account.password_sent",
                           "account.file_uploaded",
                           "account.message_posted",
                           "account.signed_in",
                           "lead.created",
                           "campaign.added",
                           "campaign.sent",
                           "birthday.sent",
                           "contact.exported",
                           "contact.merged",
                           "contact.unmerged",
                           "contact.erased",
                           "contact.restricted",
                           "contact.created",
                           "contact.changed",
                           "status.changed"}) {
    EXPECT_NE(builtin_type(name), nullptr) << name;
  }
  EXPECT_EQ(builtin_type("email.bounced")->status, "bounced");
  EXPECT_EQ(builtin_type("email.received")->direction, "inbound");
  EXPECT_EQ(builtin_type("payment.taken")->category, "payments");
}

TEST(TypeNames, AreDottedLowerCase) {
  for (const char* good : {"note", "a.b", "a_b.c1", "gym.turnstile_passed.twice"}) {
    EXPECT_TRUE(is_type_name(good)) << good;
  }
  for (const char* bad : {"", ".", "a.", ".a", "a..b", "A.b", "a b", "a-b", "é", "a/b"}) {
    EXPECT_FALSE(is_type_name(bad)) << bad;
  }
  EXPECT_TRUE(is_type_name(std::string(100, 'a')));
  EXPECT_FALSE(is_type_name(std::string(101, 'a')));
}

TEST(TypeNames, MakeATitle) {
  EXPECT_EQ(title_from("gym.turnstile_passed"), "Gym turnstile passed");
  EXPECT_EQ(title_from("9lives"), "9lives");
}

}  // namespace
}  // namespace annals::catalog
