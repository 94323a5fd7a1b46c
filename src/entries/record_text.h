// A record as it lies in the journal, its members found and not decoded: what shows entries copies
// most of them as they are written. Private to entries/.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace annals::entries {

/// The members of a record, in the order in which they stand (RFC 8785's); see record.h.
enum class RecordMember : std::uint8_t {
  kAbout,
  kActor,
  kAmount,
  kAttachments,
  kBusiness,
  kCategory,
  kChanges,
  kContact,
  kContactType,
  kDetails,
  kDirection,
  kId,
  kKind,
  kMethod,
  kOccurredAt,
  kOrigin,
  kPrivate,
  kReason,
  kRecordedAt,
  kRecordedBy,
  kTask,
  kText,
  kTimeZone,
  kTitle,
  kType,
  kV,
  kVersion,
  kViews,
};
inline constexpr std::size_t kRecordMembers = 28;
inline constexpr std::int64_t kRecordLayout = 1;  // the member v

class RecordText {
 public:
  RecordText() = default;  // of an erased record: it has no members
  /// Throws Error kInternal where the text is no record of ours.
  explicit RecordText(std::string text);

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] bool has(RecordMember member) const { return !written(member).empty(); }
  /// The member's JSON text; empty where it has none.
  [[nodiscard]] std::string_view written(RecordMember member) const {
    const Slice& slice = slices_[static_cast<std::size_t>(member)];
    return std::string_view(text_).substr(slice.begin, slice.size);
  }
  /// What it says: a string's value, an integer, and of none the empty string and 0.
  [[nodiscard]] std::string string(RecordMember member) const;
  [[nodiscard]] std::int64_t integer(RecordMember member) const;

 private:
  struct Slice {
    std::uint32_t begin = 0;
    std::uint32_t size = 0;
  };
  std::string text_;
  std::array<Slice, kRecordMembers> slices_{};
};

}  // namespace annals::entries
