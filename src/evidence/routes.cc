#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "access/access.h"
#include "access/actor.h"
#include "access/route.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/id.h"
#include "base/json.h"
#include "base/time.h"
#include "db/db.h"
#include "entries/leaves.h"
#include "evidence/evidence.h"
#include "http/cursor.h"
#include "http/message.h"
#include "ledger/ledger.h"
#include "ledger/signer.h"
#include "ledger/stamps.h"
#include "ledger/tree.h"
#include "tlog/proof.h"
#include "tlog/tile.h"
#include "tlog/tree.h"

namespace annals::evidence {
namespace {

using access::Call;
using access::Permission;
using http::Response;

ledger::Log log_of(const Call& call) {
  return {.business = call.actor.business, .id = call.actor.business_id};
}

Response text(std::string body) {
  Response reply;
  reply.headers.emplace_back("content-type", "text/plain; charset=utf-8");
  reply.body = std::move(body);
  return reply;
}

bool wants_json(const Call& call) {
  return call.request.header("accept").find("application/json") != std::string_view::npos;
}

void write_checkpoint(base::JsonWriter& out, const ledger::SignedCheckpoint& one,
                      const std::optional<ledger::CheckpointStamp>& stamp) {
  out.begin_object()
      .member("checkpoint", one.note)
      .member("epoch", one.epoch)
      .member("size", static_cast<std::int64_t>(one.size))
      .member("signed_at", base::format_rfc3339(one.signed_at))
      .key("stamp");
  if (stamp) {
    out.begin_object()
        .member("time", base::format_rfc3339(stamp->time))
        .member("response", base::base64(stamp->response))
        .end_object();
  } else {
    out.value(nullptr);
  }
}

// An authority stamps a checkpoint after it was signed, so the last one that has a stamp is told
// too.
std::string checkpoint_json(db::Tx& tx, const ledger::SignedCheckpoint& signed_one) {
  base::JsonWriter out;
  write_checkpoint(out, signed_one, ledger::stamp_of(tx, signed_one));
  out.key("last_stamped");
  if (const auto last = ledger::last_stamped(tx)) {
    write_checkpoint(out, *last, ledger::stamp_of(tx, *last));
    out.end_object();
  } else {
    out.value(nullptr);
  }
  return out.end_object().take();
}

Response checkpoint(const Call& call, ledger::Signer& signer) {
  access::only_query(call.request, {});
  const ledger::SignedCheckpoint signed_one = signer.sign(log_of(call));
  if (!wants_json(call)) return text(signed_one.note);
  return call.read(
      [&](db::Tx& tx) { return Response::json(200, checkpoint_json(tx, signed_one)); });
}

Response keys(const Call& call) {
  access::only_query(call.request, {});
  return call.read([&](db::Tx& tx) {
    base::JsonWriter out;
    out.begin_object().key("keys").begin_array();
    for (const std::string& verifier : ledger::verifiers(tx)) out.value(verifier);
    out.end_array().key("epochs").begin_array();
    for (const ledger::Epoch& epoch : ledger::epochs(tx)) {
      out.begin_object()
          .member("epoch", epoch.epoch)
          .member("began_at", base::format_rfc3339(epoch.began_at))
          .member("reason", epoch.reason)
          .member("previous", epoch.previous)
          .end_object();
    }
    out.end_array().end_object();
    return Response::json(200, out.take());
  });
}

Response tile(const Call& call) {
  access::only_query(call.request, {});
  const auto wanted = tlog::parse_tile_path(call.request.parameter("path"));
  if (!wanted || wanted->index > static_cast<std::uint64_t>(INT64_MAX) / tlog::kTileWidth - 1) {
    throw base::not_found("tile");
  }
  return call.read([&](db::Tx& tx) {
    Response reply;
    reply.headers.emplace_back("content-type", "application/octet-stream");
    for (const tlog::Hash& hash : ledger::read_tile(tx, *wanted)) {
      reply.body.append(base::as_text(hash));
    }
    // A full tile never changes, a partial one only grows into another.
    reply.headers.emplace_back("cache-control", "private, max-age=31536000, immutable");
    return reply;
  });
}

void write_path(base::JsonWriter& out, const std::vector<tlog::Hash>& path) {
  out.key("path").begin_array();
  for (const tlog::Hash& hash : path) out.value(base::base64(hash));
  out.end_array();
}

std::uint64_t size_parameter(const Call& call, std::string_view name) {
  const std::string value(call.request.query_value(name).value_or(""));
  std::uint64_t size = 0;
  const char* end = value.c_str() + value.size();
  const auto [stop, error] = std::from_chars(value.c_str(), end, size);
  if (error != std::errc{} || stop != end) {
    throw base::malformed(std::string(name), "value", "must be the size of a tree");
  }
  return size;
}

Response consistency(const Call& call) {
  access::only_query(call.request, {"from", "to"});
  const std::uint64_t from = size_parameter(call, "from");
  const std::uint64_t to = size_parameter(call, "to");
  return call.read([&](db::Tx& tx) {
    const std::uint64_t size = ledger::tree_size(tx);
    if (to > size) {
      throw base::malformed("to", "value", "the tree has " + std::to_string(size) + " leaves");
    }
    if (from > to) throw base::malformed("from", "value", "must not be larger than to");
    base::JsonWriter out;
    out.begin_object()
        .member("from", static_cast<std::int64_t>(from))
        .member("to", static_cast<std::int64_t>(to));
    write_path(out, ledger::tree(tx, size).consistency(from, to));
    return Response::json(200, out.end_object().take());
  });
}

// --------------------------------------------------------------------------------------- settings

constexpr std::string_view kSettingsList = "ledger-settings";

// The index of the leaf that the last page ended with.
std::int64_t settings_before(const http::Request& request) {
  const std::string after = http::open_cursor(request, kSettingsList);
  if (after.empty()) return INT64_MAX;
  std::int64_t index = 0;
  const auto [stop, error] = std::from_chars(after.data(), after.data() + after.size(), index);
  if (error != std::errc{} || stop != after.data() + after.size()) {
    throw base::malformed("cursor", "cursor", "is not a cursor of this list");
  }
  return index;
}

void write_settings(base::JsonWriter& out, const ledger::SettingsLeaf& leaf) {
  const base::Json record = base::parse_json(leaf.record);
  const auto member = [&](const char* name) {
    const base::Json* found = record.find(name);
    return found == nullptr ? base::Json() : *found;
  };
  out.begin_object()
      .member("leaf_index", leaf.leaf_index)
      .member("recorded_at", base::format_rfc3339(member("recorded_at").as_int().value_or(0)))
      .member("recorded_by", member("recorded_by"))
      .member("kind", member("setting"))
      .member("key", member("key"))
      .key("changes")
      .begin_array();
  for (const base::Json& change : member("changes").items()) {
    out.begin_object();
    for (const auto& [name, value] : change.members()) {
      out.key(name);
      if (name == "field") {
        out.value(value.text());
      } else {
        out.raw(value.text());
      }
    }
    out.end_object();
  }
  out.end_array().end_object();
}

Response settings(const Call& call) {
  access::only_query(call.request, {"cursor", "limit"});
  const std::size_t limit = access::page_limit(call.request);
  const std::int64_t before = settings_before(call.request);
  auto leaves =
      call.read([&](db::Tx& tx) { return ledger::settings_leaves(tx, before, limit + 1); });
  const bool more = leaves.size() > limit;
  if (more) leaves.pop_back();
  base::JsonWriter out;
  out.begin_object().key("items").begin_array();
  for (const ledger::SettingsLeaf& leaf : leaves) write_settings(out, leaf);
  out.end_array().key("next_cursor");
  if (more) {
    out.value(http::make_cursor(kSettingsList, std::to_string(leaves.back().leaf_index)));
  } else {
    out.value(nullptr);
  }
  return Response::json(200, out.end_object().take());
}

// ----------------------------------------------------------------------------------------- proofs

// The version of the entry, or its delivery event, that the query names; its first version where it
// names none.
const entries::EntryLeaf& chosen(const Call& call, const std::vector<entries::EntryLeaf>& leaves) {
  const bool by_version = call.request.query_value("version").has_value();
  const auto event = call.request.query_value("event");
  if (!by_version && !event) return leaves.front();
  if (by_version && event) {
    throw base::malformed("event", "value", "is not to be given beside version");
  }
  const std::uint64_t version = by_version ? size_parameter(call, "version") : 0;
  const std::optional<base::Id> id = event ? base::parse_id(*event) : std::nullopt;
  const auto at = std::find_if(leaves.begin(), leaves.end(), [&](const auto& leaf) {
    if (leaf.delivery) return id == leaf.delivery;
    return by_version && static_cast<std::uint64_t>(leaf.version) == version;
  });
  if (at == leaves.end()) throw base::not_found(by_version ? "version" : "event");
  return *at;
}

// All that it takes to check the entry without the server: what was committed to, and to what.
std::string proof_json(const entries::EntryLeaf& leaf, const tlog::Proof& proof) {
  base::JsonWriter out;
  out.begin_object();
  if (leaf.delivery) {
    out.member("event", leaf.delivery->text());
  } else {
    out.member("version", leaf.version);
  }
  out.member("contact_seq", leaf.contact_seq)
      .member("leaf_index", static_cast<std::int64_t>(leaf.index))
      .member("leaf", base::base64(leaf.leaf))
      .member("record", leaf.record)
      .member("salt", base::base64(leaf.salt));
  out.key("attachments").begin_array();
  for (const entries::AttachmentSalt& file : leaf.attachments) {
    out.begin_object()
        .member("id", file.id.text())
        .member("salt", base::base64(file.salt))
        .end_object();
  }
  out.end_array();
  write_path(out, proof.path);
  out.member("checkpoint", proof.checkpoint);
  return out.end_object().take();
}

Response entry_proof(const Call& call, ledger::Signer& signer) {
  access::only_query(call.request, {"version", "event"});
  const base::Id entry = access::path_id(call.request, "entry");
  // Whoever may not see the entry is told so before anything is signed.
  const entries::EntryLeaf leaf = call.read(
      [&](db::Tx& tx) { return chosen(call, entries::entry_leaves(tx, call.actor, entry)); });
  const ledger::SignedCheckpoint checkpoint = signer.sign(log_of(call));
  const tlog::Proof proof{
      .extra = leaf.leaf,
      .index = leaf.index,
      .path = call.read([&](db::Tx& tx) {
        return ledger::tree(tx, checkpoint.size).inclusion(leaf.index, checkpoint.size);
      }),
      .checkpoint = checkpoint.note};
  if (wants_json(call)) return Response::json(200, proof_json(leaf, proof));
  return text(tlog::format_proof(proof));
}

}  // namespace

access::LedgerKey ledger_key(ledger::Signer& signer) {
  return {.make = [&signer](const base::Id& business) { return signer.make_key(business); },
          .enter = ledger::enter_key,
          .remove = [&signer](const base::Id& business) { signer.remove_key(business); }};
}

access::Routes routes(ledger::Signer& signer) {
  using enum http::Method;
  return {
      {kGet, "/ledger/checkpoint", Permission::kEntriesRead,
       [&signer](const Call& call) { return checkpoint(call, signer); }},
      {kGet, "/ledger/keys", Permission::kEntriesRead, keys},
      {kGet, "/ledger/tile/{path...}", Permission::kEntriesRead, tile},
      {kGet, "/ledger/consistency", Permission::kEntriesRead, consistency},
      {kGet, "/ledger/settings", Permission::kSettingsHistory, settings},
      {kGet, "/ledger/entries/{id}/proof", Permission::kEntriesRead,
       [&signer](const Call& call) { return entry_proof(call, signer); }},
  };
}

}  // namespace annals::evidence
