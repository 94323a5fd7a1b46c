// Time stamps (RFC 3161): an authority's signed word that some bytes, here a checkpoint's note,
// were there at a time. Requests and replies in DER; who sends them is of no concern here.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "base/random.h"

namespace annals::tlog {

inline constexpr std::size_t kStampBytesMax = std::size_t{64} << 10;
inline constexpr std::string_view kStampRequestType = "application/timestamp-query";
inline constexpr std::string_view kStampReplyType = "application/timestamp-reply";

/// A TimeStampReq for the SHA-256 of `note`, with a nonce, that asks for the authority's
/// certificate.
[[nodiscard]] base::Bytes stamp_request(std::string_view note, const base::Random& random);

/// Why `reply` is no stamp that answers `request`; empty where it is one: it was granted, is of the
/// same imprint and nonce, and is signed by a certificate that it holds. Not whose that is.
[[nodiscard]] std::string stamp_fault(base::ByteSpan request, base::ByteSpan reply);

struct Stamp {
  base::Digest imprint{};  // SHA-256 of what was stamped
  base::Micros time = 0;
};
/// What a TimeStampResp says, where it was granted, is over a SHA-256 and is signed by a
/// certificate that it holds; else nothing.
[[nodiscard]] std::optional<Stamp> read_stamp(base::ByteSpan reply);

/// Why `reply` is not to be trusted as a stamp of `note`; empty where it is signed by an authority
/// that one of `authorities` (certificates in PEM) vouches for, as of the time that it tells.
/// Throws kInvalid (`tsa-ca`) where those are none.
[[nodiscard]] std::string untrusted(base::ByteSpan reply, std::string_view note,
                                    const std::string& authorities);

}  // namespace annals::tlog
