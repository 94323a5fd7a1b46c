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

/// Where each member's value stands in a record's text.
struct RecordSlices {
  struct Slice {
    std::uint32_t begin = 0;
    std::uint32_t size = 0;
  };
  std::array<Slice, kRecordMembers> of{};

  RecordSlices() = default;  // of an erased record: it has no members
  /// Throws Error kInternal where the text is no record of ours.
  explicit RecordSlices(std::string_view text);
  /// The member's JSON text; empty where it has none.
  [[nodiscard]] std::string_view written(std::string_view text, RecordMember member) const {
    const Slice& slice = of[static_cast<std::size_t>(member)];
    return text.substr(slice.begin, slice.size);
  }
};

class RecordText {
 public:
  RecordText() = default;  // of an erased record: it has no members
  /// Throws Error kInternal where the text is no record of ours.
  explicit RecordText(std::string text);

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] bool has(RecordMember member) const { return !written(member).empty(); }
  /// The member's JSON text; empty where it has none.
  [[nodiscard]] std::string_view written(RecordMember member) const {
    return slices_.written(text_, member);
  }
  /// What it says: a string's value, an integer, and of none the empty string and 0.
  [[nodiscard]] std::string string(RecordMember member) const;
  [[nodiscard]] std::int64_t integer(RecordMember member) const;

 private:
  std::string text_;
  RecordSlices slices_;
};

}  // namespace annals::entries
