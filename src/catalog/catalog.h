// What kinds of entries there are, and who may see which: types with category and defaults, the
// contact types and log views that a business defines.
#pragma once
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "access/actor.h"
#include "access/route.h"
#include "access/settings.h"
#include "db/db.h"

namespace annals::catalog {

/// A type that works out of the box. Texts live for ever.
struct Type {
  std::string_view name;       // "appointment.booked"
  std::string_view category;   // "appointments"
  std::string_view method;     // default; empty for none
  std::string_view direction;  // default; empty for none
  std::string_view status;     // of the message that the type tells of; empty for none
  std::string_view title;      // English, for a draft without a title: "Appointment booked"
};

[[nodiscard]] std::span<const Type> builtin_types();
[[nodiscard]] const Type* builtin_type(std::string_view name);

/// contracts, appointments, payments, messages, notes, documents, tasks, account, marketing,
/// data_protection, profile.
[[nodiscard]] std::span<const std::string_view> categories();
[[nodiscard]] bool is_category(std::string_view name);
[[nodiscard]] bool is_method(std::string_view name);
[[nodiscard]] bool is_direction(std::string_view name);

/// What an entry takes from its type where its draft says nothing.
struct Resolved {
  std::string category;
  std::string method;
  std::string direction;
  std::string title;
};

/// Throws kInvalid (field `type` where it is no dotted name of lower case; `category` where the
/// type is unknown here and no category is given, or the given one is not the type's).
[[nodiscard]] Resolved resolve_type(db::Tx& tx, std::string_view type,
                                    const std::optional<std::string>& category);

/// Throws kInvalid (field `contact_type`) where the business has none of that key or name; returns
/// its key.
[[nodiscard]] std::string resolve_contact_type(db::Tx& tx, std::string_view name);

/// Throws kInvalid (field `views`) where one is unknown.
void check_views(db::Tx& tx, const std::vector<std::string>& views);

/// What a reader may see, as of now: the parts of the one predicate that every reading obeys
/// (entries/visibility.h makes SQL and a function of it).
struct Sight {
  bool all = false;                     // owners, `admin`: everything, private entries too
  base::Id reader;                      // sees own private entries
  std::set<std::string> views;          // that the reader may see
  bool general = false;                 // views has "general"
  std::set<std::string> typed;          // types that have views
  std::set<std::string> typed_seen;     // … of which the reader may see one
  std::set<std::string> labelled;       // contact types that have views
  std::set<std::string> labelled_seen;  // … of which the reader may see one
};
[[nodiscard]] Sight sight(db::Tx& tx, const access::Actor& actor);
/// What is in some of these views, whoever reads.
[[nodiscard]] Sight sight_of(db::Tx& tx, std::set<std::string> views);

/// The views that an unstated entry of this type and contact type appears in; ["general"] if none.
[[nodiscard]] std::vector<std::string> views_of(db::Tx& tx, std::string_view type,
                                                std::string_view contact_type);

/// Seeds what a new business has: log views general (all), financial, medical; the contact types
/// Client Notifications, Staff Notifications, Automated Marketing, Message Center, Admin Business.
void seed(db::Tx& tx, db::BusinessKey business);

/// What stands of log views, contact types and entry types.
[[nodiscard]] std::vector<access::CurrentSettings> current_settings(db::Tx& tx);

/// /contact-types, /entry-types, /log-views.
[[nodiscard]] access::Routes routes();

}  // namespace annals::catalog
