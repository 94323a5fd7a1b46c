#include "bundle/entry_check.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/json.h"
#include "bundle/check.h"
#include "bundle/format.h"
#include "tlog/checkpoint.h"
#include "tlog/leaf.h"
#include "tlog/tree.h"

namespace annals::bundle {
namespace {

using base::Json;
using tlog::LeafType;

std::string text_of(const Json& json, std::string_view name) {
  const Json* value = json.find(name);
  return value != nullptr && value->is_string() ? value->text() : std::string();
}

std::int64_t integer_of(const Json& json, std::string_view name) {
  const Json* value = json.find(name);
  return value != nullptr ? value->as_int().value_or(-1) : -1;
}

bool is_delivery(const Json& record) { return text_of(record, "kind") == "delivery"; }

bool is_retraction(const Json& record) { return text_of(record, "kind") == "retraction"; }

std::string count(std::int64_t n) { return std::to_string(n); }

}  // namespace

EntryCheck::EntryCheck(const Manifest& manifest, const tlog::Checkpoint& checkpoint,
                       const FoundFiles& files, const std::function<void(const Finding&)>& finding,
                       const std::function<void(const std::string&)>& missing)
    : manifest_(manifest),
      checkpoint_(checkpoint),
      files_(files),
      finding_(finding),
      missing_(missing) {}

Json EntryCheck::add(const Row& row) {
  std::string fault = check_leaf(row);
  if (row.state == State::kShown) return with_content(row, std::move(fault));
  without_content(row, std::move(fault));
  return {};
}

// Whether the ledger holds the leaf at its place.
std::string EntryCheck::check_leaf(const Row& row) {
  const auto parts = tlog::decode_leaf(row.leaf);
  if (!parts) return "its leaf is none";
  if (places_.size() >= kLeavesMax)
    throw base::malformed(std::string(kLeaves), "bundle", "is too long");
  const auto number = static_cast<std::uint32_t>(tags_.size());
  const Tag& tag = tags_.try_emplace(parts->contact_tag, Tag{number, {}}).first->second;
  places_.push_back({tag.number, parts->contact_seq, row.index, parts->recorded_at});
  if (!tlog::verify_inclusion(tlog::leaf_hash(row.leaf), row.index, checkpoint_.size, row.path,
                              checkpoint_.root)) {
    return "the ledger does not hold its leaf at this place";
  }
  return {};
}

void EntryCheck::without_content(const Row& row, std::string fault) {
  close();
  ++(row.state == State::kErased ? counts_.erased : counts_.withheld);
  if (fault.empty() && (!row.record.empty() || !row.salts.empty())) {
    fault = "it has a record or a salt";
  }
  Finding finding{.leaf = row.index};
  finding.verdict = row.state == State::kErased ? Verdict::kErased : Verdict::kWithheld;
  if (!fault.empty()) {
    ++counts_.mismatches;
    finding.verdict = Verdict::kMismatch;
    finding.what = std::move(fault);
  }
  finding_(finding);
}

Json EntryCheck::with_content(const Row& row, std::string fault) {
  ++counts_.shown;
  Json record;
  if (fault.empty()) {
    const auto parts = tlog::decode_leaf(row.leaf);
    if (row.salts.empty() || tlog::commitment(row.salts.front(), row.record) != parts->commitment) {
      fault = "its record or salt is not what was entered into the ledger";
    }
  }
  try {
    record = base::parse_json(row.record, kRecordBytesMax);
  } catch (const base::Error&) {
    if (fault.empty()) fault = "its record is no JSON";
  }
  if (fault.empty()) fault = check_record(row, record);
  join(row, record, std::move(fault));
  return record;
}

// What the record says that something else says too.
std::string EntryCheck::check_record(const Row& row, const Json& record) {
  const auto parts = tlog::decode_leaf(row.leaf);
  const auto business = base::parse_id(text_of(record, "business"));
  const auto contact = base::parse_id(text_of(record, "contact"));
  const std::int64_t version = integer_of(record, "version");
  if (integer_of(record, "v") != 1) return "its record is of a layout that is not known";
  if (!business || *business != manifest_.business) return "it is of another business";
  if (integer_of(record, "recorded_at") != parts->recorded_at) {
    return "recorded_at is not what the leaf says";
  }
  const bool first = parts->type == LeafType::kEntry;
  const bool event = parts->type == LeafType::kDelivery;
  if (event != is_delivery(record) ||
      (!event && ((!first && parts->type != LeafType::kRevision) || first != (version == 1) ||
                  (first && is_retraction(record))))) {
    return "its record is not of the leaf's kind";
  }
  if (!contact) return "it names no contact";
  // A tag stands for one contact, and one contact has one tag.
  Tag& tag = tags_.at(parts->contact_tag);
  if (!tag.contact) tag.contact = contact;
  const base::Id own = contacts_.try_emplace(*contact, parts->contact_tag).first->second;
  const bool asked = manifest_.contacts.empty() ||
                     std::any_of(manifest_.contacts.begin(), manifest_.contacts.end(),
                                 [&](const Contact& one) { return one.id == *contact; });
  if (*tag.contact != *contact || own != parts->contact_tag || !asked) {
    return "it is of another contact";
  }
  return check_attachments(row, record);
}

std::string EntryCheck::check_attachments(const Row& row, const Json& record) {
  static const std::vector<Json> kNone;
  const Json* list = record.find("attachments");
  const std::vector<Json>& named = list != nullptr ? list->items() : kNone;
  if (row.salts.size() != 1 + named.size()) return "it has not a salt for each attachment";
  for (std::size_t i = 0; i < named.size(); ++i) {
    const auto id = base::parse_id(text_of(named[i], "id"));
    if (!id) return "an attachment has no id";
    const auto found = files_.find(attachment_path(*id, text_of(named[i], "name")));
    if (found == files_.end()) {
      missing_("attachment " + id->text() + " of entry " + text_of(record, "id") +
               " is not in the bundle");
    } else if (base::hex(base::hmac_sha256(row.salts[i + 1], {found->second.sha256})) !=
                   text_of(named[i], "commitment") ||
               found->second.size != integer_of(named[i], "size")) {
      return "attachment " + id->text() + " is not the file that was entered into the ledger";
    }
  }
  return {};
}

// Adds the row to the entry that is being read, or begins another one.
void EntryCheck::join(const Row& row, const Json& record, std::string fault) {
  const auto id = base::parse_id(text_of(record, "id"));
  const std::int64_t version = integer_of(record, "version");
  const bool event = is_delivery(record);
  const bool next = open_ && id && open_->id == *id;
  if (!next) {
    close();
    ++counts_.entries;
    open_ = Open{.id = id.value_or(base::Id{}), .finding = {.leaf = row.index, .versions = 0}};
    if (id) open_->finding.entry = id->text();
    if (!id && fault.empty()) fault = "it has no id";
  }
  Finding& finding = open_->finding;
  if (event) {
    if (!next && fault.empty()) {
      missing_("entry " + finding.entry + " is not in the bundle, but a delivery event of it is");
    }
    ++finding.delivery_events;
  } else {
    if (fault.empty() && version != finding.versions + 1) {
      missing_("version " + count(finding.versions + 1) + " of entry " + finding.entry +
               " is not in the bundle, but version " + count(version) + " is");
    }
    finding.versions = std::max(finding.versions, std::max<std::int64_t>(version, 1));
    finding.retracted = finding.retracted || is_retraction(record);
  }
  if (finding.verdict == Verdict::kOk && finding.versions > 1)
    finding.verdict = Verdict::kCorrected;
  if (!fault.empty() && finding.verdict != Verdict::kMismatch) {
    finding.verdict = Verdict::kMismatch;
    finding.what = std::move(fault);
    const std::string part = event ? "a delivery event" : "version " + count(version);
    if (next) finding.what = part + ": " + finding.what;
  }
}

void EntryCheck::close() {
  if (!open_) return;
  if (open_->finding.verdict == Verdict::kMismatch) ++counts_.mismatches;
  finding_(open_->finding);
  open_.reset();
}

void EntryCheck::finish() {
  close();
  check_sequences();
}

// Each contact's leaves have consecutive numbers, in the order of the ledger, at rising times.
void EntryCheck::check_sequences() {
  std::sort(places_.begin(), places_.end(), [](const Place& a, const Place& b) {
    return std::tie(a.tag, a.seq, a.index) < std::tie(b.tag, b.seq, b.index);
  });
  for (std::size_t i = 1; i < places_.size(); ++i) {
    const Place& before = places_[i - 1];
    const Place& here = places_[i];
    if (before.tag != here.tag) continue;
    if (before.seq == here.seq || before.index >= here.index ||
        before.recorded_at >= here.recorded_at) {
      ++counts_.mismatches;
      finding_({.verdict = Verdict::kMismatch,
                .leaf = here.index,
                .what = "it does not follow on leaf " + std::to_string(before.index)});
    }
  }
  struct Sequence {
    std::int64_t leaves = 0;
    std::int64_t last = 0;
  };
  std::vector<Sequence> sequences(tags_.size());
  for (const Place& place : places_) {
    Sequence& sequence = sequences[place.tag];
    ++sequence.leaves;
    sequence.last = std::max(sequence.last, place.seq);
  }
  for (const Contact& contact : manifest_.contacts) {
    const auto tag = tags_.find(contact.tag);
    const Sequence found = tag == tags_.end() ? Sequence{} : sequences[tag->second.number];
    if (found.leaves != contact.leaves || found.last != contact.leaves) {
      missing_("contact " + contact.id.text() + " has " +
               count(std::max(found.last, contact.leaves)) + " leaves, of which the bundle holds " +
               count(found.leaves));
    }
  }
}

}  // namespace annals::bundle
