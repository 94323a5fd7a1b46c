// Replies in a compressed form, for who takes one (RFC 9110 §8.4, §12.5.3). Any thread.
#pragma once
#include <string_view>

#include "http/message.h"

namespace annals::http {

/// The weight that the request's Accept-Encoding gives to `coding` (lower case), in thousandths:
/// its own, else that of `*`, else 0, which also means that the coding is not taken.
[[nodiscard]] int accepted_weight(const Request& request, std::string_view coding);

/// Puts the body into gzip's form where the request takes it, the reply is one that gains by it,
/// and nobody can learn by its length what it holds. It then says so in its headers.
///
/// What is never compressed, however long:
/// - Replies to all methods but GET and HEAD. A key's secret, which is shown once, is in the reply
///   to the POST that made it, beside the name that was sent: of a text that an attacker chooses
///   and a secret beside it, the compressed length tells when they have something in common
///   (BREACH). No reply to GET has a credential in it, and no other site can have one asked for
///   with a session, whose cookie is SameSite=Strict.
/// - Replies with an ETag: it is a strong one that names these bytes, and comes back in If-Match.
///   They are single things, and short.
/// - Streams and events, of which each would keep a compressor's 256 KiB for as long as it is sent.
void compress(const Request& request, Response& reply);

}  // namespace annals::http
