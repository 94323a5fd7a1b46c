#include <memory>
#include <utility>

#include "access/access.h"
#include "access/actor.h"
#include "access/api_key.h"
#include "access/business.h"
#include "access/route.h"
#include "access/session.h"
#include "access/staff.h"
#include "http/message.h"

namespace annals::access {

Routes routes(Wiring wiring) {
  // What the handlers keep between requests; the routes own it together.
  struct Shared {
    Wiring wiring;
    Secrets secrets;
  };
  auto shared = std::make_shared<Shared>();
  shared->secrets.cost = wiring.password_cost;
  shared->wiring = std::move(wiring);

  const auto setup = [shared](const Call& call) { return set_up(call, shared->wiring); };
  const auto enter = [shared](const Call& call) {
    return sign_in(call, shared->secrets, *shared->wiring.clock);
  };
  const auto found = [shared](const Call& call) { return new_business(call, shared->wiring); };
  const auto hire = [shared](const Call& call) {
    return new_staff(call, shared->wiring.password_cost);
  };
  const auto amend = [shared](const Call& call) { return change_staff(call, shared->secrets); };

  using enum http::Method;
  using enum Permission;
  return {
      {kGet, "/setup", kPublic, show_setup},
      {kPost, "/setup", kPublic, setup},
      {kPost, "/session", kPublic, enter},
      {kPut, "/session", kSignedIn, switch_business},
      {kDelete, "/session", kSignedIn, sign_out},
      {kGet, "/me", kSignedIn, show_me},
      {kGet, "/businesses", kSignedIn, list_businesses},
      {kPost, "/businesses", kBusinessesWrite, found},
      {kPatch, "/businesses/{id}", kBusinessesWrite, change_business},
      {kGet, "/staff", kStaffRead, list_staff},
      {kPost, "/staff", kStaffWrite, hire},
      {kGet, "/staff/{id}", kStaffRead, show_staff},
      // One's own name and password are for everyone to change; the handler asks for the rest.
      {kPatch, "/staff/{id}", kSignedIn, amend},
      {kGet, "/api-keys", kStaffWrite, list_api_keys},
      {kPost, "/api-keys", kStaffWrite, new_api_key},
      {kDelete, "/api-keys/{id}", kStaffWrite, revoke_api_key},
  };
}

}  // namespace annals::access
