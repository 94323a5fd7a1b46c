// API keys: what integrations sign in with.
#pragma once
#include <vector>

#include "access/route.h"
#include "access/settings.h"
#include "db/db.h"
#include "http/message.h"

namespace annals::access {

[[nodiscard]] http::Response list_api_keys(const Call& call);
[[nodiscard]] http::Response new_api_key(const Call& call);
[[nodiscard]] http::Response revoke_api_key(const Call& call);

/// Those of the transaction's business, revoked ones too.
void add_key_settings(db::Tx& tx, std::vector<CurrentSettings>& all);

}  // namespace annals::access
