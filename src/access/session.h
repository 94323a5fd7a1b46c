// Signing in and out, the first set-up, and who is signed in.
#pragma once
#include "access/access.h"
#include "access/route.h"
#include "access/staff.h"
#include "base/clock.h"
#include "http/message.h"

namespace annals::access {

[[nodiscard]] http::Response show_setup(const Call& call);
[[nodiscard]] http::Response set_up(const Call& call, const Wiring& wiring);
[[nodiscard]] http::Response new_business(const Call& call, const Wiring& wiring);
[[nodiscard]] http::Response sign_in(const Call& call, Secrets& secrets, const base::Clock& clock);
[[nodiscard]] http::Response sign_out(const Call& call);
/// Goes on in another business of the same person, with a new session in place of this one.
[[nodiscard]] http::Response switch_business(const Call& call);
[[nodiscard]] http::Response show_me(const Call& call);

}  // namespace annals::access
