#include "entries/record_text.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/encoding.h"
#include "base/error.h"
#include "base/json_scan.h"

namespace annals::entries {
namespace {

constexpr std::array<std::string_view, kRecordMembers> kNames = {
    "about",       "actor",       "amount",       "attachments", "business",  "category",
    "changes",     "contact",     "contact_type", "details",     "direction", "id",
    "kind",        "method",      "occurred_at",  "origin",      "private",   "reason",
    "recorded_at", "recorded_by", "task",         "text",        "time_zone", "title",
    "type",        "v",           "version",      "views"};

}  // namespace

RecordSlices::RecordSlices(std::string_view text) {
  const auto fail = [] {
    throw base::Error(base::Code::kInternal, "A record in the journal has an unknown layout.");
  };
  if (!base::is_utf8(text)) fail();
  std::size_t member = 0;
  base::JsonScan scan(text);
  while (scan.next_member()) {
    while (member < kNames.size() && kNames[member] != scan.key()) ++member;
    if (member == kNames.size()) fail();
    of[member] = {static_cast<std::uint32_t>(scan.value().data() - text.data()),
                  static_cast<std::uint32_t>(scan.value().size())};
    ++member;
  }
  if (base::json_integer(written(text, RecordMember::kV)) != kRecordLayout) fail();
}

RecordText::RecordText(std::string text) : text_(std::move(text)), slices_(text_) {}

std::string RecordText::string(RecordMember member) const {
  const std::string_view value = written(member);
  return value.empty() ? std::string() : base::json_string(value);
}

std::int64_t RecordText::integer(RecordMember member) const {
  return base::json_integer(written(member)).value_or(0);
}

}  // namespace annals::entries
