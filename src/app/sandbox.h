// A page for text of others, such as the HTML of an e-mail: gives back what it is sent, as a
// document that runs nothing, has no origin and loads nothing from anywhere. The web app shows it
// in a frame: a document that its own page held would be under that page's policy, which has no
// inline styles.
#pragma once
#include "access/route.h"

namespace annals::app {

/// POST /sandbox.
[[nodiscard]] access::Routes sandbox_routes();

}  // namespace annals::app
