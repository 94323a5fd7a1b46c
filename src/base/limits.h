// Every limit of the product, by name. docs/limits.md lists them for users.
#pragma once
#include <cstddef>
#include <cstdint>

namespace annals::base::limits {

inline constexpr std::size_t kRequestHeaderBytesMax = 16 * 1024;
inline constexpr std::size_t kJsonBodyBytesMax = 4 * 1024 * 1024;
inline constexpr std::size_t kNdjsonBodyBytesMax = 64 * 1024 * 1024;
inline constexpr std::size_t kJsonDepthMax = 32;
inline constexpr std::size_t kJsonValuesMax = 250'000;  // of one document, read into memory
inline constexpr std::size_t kAttachmentBytesMax = 25 * 1024 * 1024;
inline constexpr std::size_t kAttachmentsMax = 20;  // of one entry
inline constexpr std::size_t kEntriesPerArrayMax = 1'000;
inline constexpr std::size_t kPageMax = 200;
inline constexpr std::size_t kPageDefault = 50;
inline constexpr std::size_t kTextBytesMax = 64 * 1024;
inline constexpr std::size_t kTitleCharsMax = 500;
inline constexpr std::size_t kNameCharsMax = 200;      // names, labels, keys, sources
inline constexpr std::size_t kSourceIdCharsMax = 500;  // ids that other systems give
inline constexpr std::size_t kDetailsBytesMax = 64 * 1024;
inline constexpr std::size_t kChangesMax = 200;
inline constexpr std::size_t kDeliveryReasonCharsMax = 2'000;
inline constexpr std::int64_t kDeliveryEventsMax = 1'000;  // of an entry
inline constexpr std::size_t kFiltersMax = 20;             // values of all filters of one query
inline constexpr std::size_t kSearchWordsMax = 16;
inline constexpr std::size_t kMergedContactsMax = 16;
inline constexpr std::size_t kContactItemsMax = 50;  // e-mails, phones, UIDs, addresses: of each
inline constexpr std::size_t kContactTagsMax = 100;
inline constexpr std::size_t kContactAttributesMax = 100;
inline constexpr std::size_t kContactAttributesBytesMax = 16 * 1024;
inline constexpr std::size_t kAddressLinesMax = 5;
inline constexpr std::size_t kTypeCharsMax = 100;       // of an entry type's name
inline constexpr std::size_t kContactTypesMax = 1'000;  // of a business; likewise below
inline constexpr std::size_t kEntryTypesMax = 1'000;    // of its own
inline constexpr std::size_t kLoggingRulesMax = 1'000;
inline constexpr std::size_t kTriedRulesMax = 100;        // logging rules, in one dry run
inline constexpr std::size_t kTriedEntriesMax = 200'000;  // that a dry run looks at
inline constexpr std::size_t kLogViewsMax = 50;
inline constexpr std::size_t kQueueEntriesMax = 10'000;
inline constexpr std::size_t kApplierLagEntriesMax = 20'000;
inline constexpr std::int64_t kFarBehindRows = 100'000;  // from here the index is made anew
inline constexpr std::size_t kApplierLagBytesMax = 2 * 1024 * 1024;
inline constexpr std::size_t kFieldErrorsMax = 100;  // named in one reply
inline constexpr std::size_t kConnectionsMax = 12'000;
inline constexpr std::size_t kEventStreamsMax = 10'000;  // of them, listening at /stream
inline constexpr std::int64_t kStreamAccessCheckMs = 5'000;
inline constexpr std::size_t kQueuedRequestsMax = 10'000;  // waiting for a thread
inline constexpr std::int64_t kQueueWaitMs = 1'000;        // that a request may have to wait
inline constexpr std::int64_t kQueueLateMs = 2'000;        // that it waits where the pace changed
inline constexpr std::size_t kBytesHeldMax = 512 * 1024 * 1024;  // bodies and replies, of all
inline constexpr std::size_t kCompressedReplyBytesMin = 1024;    // before it is compressed
inline constexpr std::size_t kCompressedReplyBytesMax = 4 * 1024 * 1024;
inline constexpr std::int64_t kImportFileBytesMax = 2LL * 1024 * 1024 * 1024;       // as it lies
inline constexpr std::int64_t kImportUnpackedBytesMax = 32LL * 1024 * 1024 * 1024;  // out of .gz
inline constexpr std::size_t kImportRowBytesMax = 1024 * 1024;
inline constexpr std::size_t kImportCellBytesMax = 256 * 1024;
inline constexpr std::size_t kImportColumnsMax = 1'000;
inline constexpr std::size_t kImportUnkeyedRowsMax = 10'000'000;    // without a column of ids
inline constexpr std::int64_t kImportUploadMs = 4LL * 3600 * 1000;  // that a file may take to come
inline constexpr std::size_t kImportUploadsMax = 3;  // of a business, coming at a time
inline constexpr std::size_t kImportsMax = 10;       // of a business, that the server keeps
inline constexpr std::size_t kImportsAtOnce = 2;     // that are run, of all businesses
inline constexpr std::int64_t kImportKeptSeconds = 24 * 3600;
inline constexpr std::int64_t kImportDiskLeftBytesMin = 256LL * 1024 * 1024;  // on the disk
inline constexpr std::size_t kMappingBytesMax = 1024 * 1024;
inline constexpr std::size_t kMappingItemsMax = 200;  // of one list: entries, rules, conditions
inline constexpr std::size_t kExportsMax = 20;        // of a business, made or waiting to be
inline constexpr std::int64_t kExportKeptSeconds = 24 * 3600;
inline constexpr std::int64_t kRequestDeadlineMs = 10'000;  // header and body together
inline constexpr std::int64_t kReadTransactionMs = 5'000;
inline constexpr std::int64_t kFacetsMs = 2'000;
inline constexpr std::int64_t kSessionIdleSeconds = 12 * 3600;
inline constexpr std::int64_t kSessionTouchSeconds = 60;   // used_at is written no oftener
inline constexpr std::size_t kSessionsCachedMax = 10'000;  // credentials looked up, in memory
inline constexpr std::size_t kPasswordCharsMin = 10;
inline constexpr std::size_t kPasswordCharsMax = 200;
inline constexpr int kPasswordsAtOnce = 4;  // hashes, 19 MiB each
inline constexpr int kPasswordsWaitingMax = 16;
inline constexpr std::int64_t kPasswordWaitMs = 5'000;
inline constexpr std::int64_t kSignInWindowSeconds = 15 * 60;
inline constexpr int kSignInFailuresPerAccountMax = 10;  // in that window
inline constexpr int kSignInFailuresPerAddressMax = 100;
inline constexpr std::size_t kSignInCountersMax = 20'000;
inline constexpr std::size_t kSignInBusinessesMax = 50;  // of one e-mail address
inline constexpr std::size_t kScopesMax = 50;            // of one API key
inline constexpr std::size_t kIdempotencyKeyCharsMax = 200;
inline constexpr std::int64_t kRequestKeyDays = 30;  // replies kept for Idempotency-Key
inline constexpr std::size_t kPurgeRowsMax = 20;     // old rows that one write takes along
inline constexpr std::int64_t kGracefulStopMs = 10'000;
inline constexpr std::int64_t kStreamPingSeconds = 15;

}  // namespace annals::base::limits
