#include "db/sqlite_wal.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "base/error.h"
#include "db/sqlite_connection.h"

namespace annals::db {
namespace {

/// SQLite's own VFS takes 128 KiB less one byte at once; more than this gains nothing.
constexpr std::size_t kGatheredBytesMax = 32 * 1024;
constexpr int kFrameHeaderBytes = 24;
constexpr std::size_t kPagesAfterCommitAt = 4;  // in a frame's header; 0 where it ends nothing
/// The room that SQLite gives a file: that of the default VFS's, which varies, must fit into it.
constexpr int kFileBytes = 1'024;

struct Free {
  void operator()(sqlite3_file* file) const { sqlite3_free(file); }
};

/// The log, as the connection sees it.
struct Wal : sqlite3_file {
  std::unique_ptr<sqlite3_file, Free> real;
  std::vector<std::byte> gathered;
  sqlite3_int64 at = 0;    // where what is gathered belongs
  bool ends_here = false;  // the frame that is being written ends a transaction

  [[nodiscard]] sqlite3_int64 end() const {
    return at + static_cast<sqlite3_int64>(gathered.size());
  }
  int flush() {
    if (gathered.empty()) return SQLITE_OK;
    const int code =
        real->pMethods->xWrite(real.get(), gathered.data(), static_cast<int>(gathered.size()), at);
    gathered.clear();  // where it failed, so has the transaction
    return code;
  }
};
static_assert(sizeof(Wal) <= kFileBytes);

sqlite3_vfs* real_vfs() { return sqlite3_vfs_find(nullptr); }
Wal* wal(sqlite3_file* file) { return static_cast<Wal*>(file); }

bool ends_transaction(const void* header) {
  std::array<std::uint8_t, 4> pages{};
  std::memcpy(pages.data(), static_cast<const std::uint8_t*>(header) + kPagesAfterCommitAt,
              pages.size());
  return std::any_of(pages.begin(), pages.end(), [](std::uint8_t byte) { return byte != 0; });
}

int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 at) {
  Wal* const self = wal(file);
  const auto bytes_more = static_cast<std::size_t>(size);
  if (at != self->end() || self->gathered.size() + bytes_more > kGatheredBytesMax) {
    const int code = self->flush();
    if (code != SQLITE_OK) return code;
  }
  if (self->gathered.empty()) self->at = at;
  if (size == kFrameHeaderBytes) self->ends_here = ends_transaction(data);
  const auto* const bytes = static_cast<const std::byte*>(data);
  self->gathered.insert(self->gathered.end(), bytes, bytes + bytes_more);
  return self->ends_here && size != kFrameHeaderBytes ? self->flush() : SQLITE_OK;
}

/// Any other method: of the real file, when all that was gathered is in it.
template <auto Method, class... Args>
int pass(sqlite3_file* file, Args... args) {
  Wal* const self = wal(file);
  const int code = self->flush();
  if (code != SQLITE_OK) return code;
  return (self->real->pMethods->*Method)(self->real.get(), args...);
}

/// One that neither reads nor writes.
template <auto Method, class... Args>
int pass_at_once(sqlite3_file* file, Args... args) {
  sqlite3_file* const real = wal(file)->real.get();
  return (real->pMethods->*Method)(real, args...);
}

int close(sqlite3_file* file) {
  Wal* const self = wal(file);
  const int written = self->flush();
  const int closed = self->real->pMethods->xClose(self->real.get());
  self->~Wal();
  return written != SQLITE_OK ? written : closed;
}

const sqlite3_io_methods* methods() {
  using M = sqlite3_io_methods;
  // Version 1: SQLite neither maps nor shares the log itself.
  static const M methods = {
      .iVersion = 1,
      .xClose = close,
      .xRead = pass<&M::xRead, void*, int, sqlite3_int64>,
      .xWrite = write,
      .xTruncate = pass<&M::xTruncate, sqlite3_int64>,
      .xSync = pass<&M::xSync, int>,
      .xFileSize = pass<&M::xFileSize, sqlite3_int64*>,
      .xLock = pass_at_once<&M::xLock, int>,
      .xUnlock = pass_at_once<&M::xUnlock, int>,
      .xCheckReservedLock = pass_at_once<&M::xCheckReservedLock, int*>,
      .xFileControl = pass_at_once<&M::xFileControl, int, void*>,
      .xSectorSize = pass_at_once<&M::xSectorSize>,
      .xDeviceCharacteristics = pass_at_once<&M::xDeviceCharacteristics>,
      .xShmMap = nullptr,
      .xShmLock = nullptr,
      .xShmBarrier = nullptr,
      .xShmUnmap = nullptr,
      .xFetch = nullptr,
      .xUnfetch = nullptr,
  };
  return &methods;
}

int open(sqlite3_vfs* /*vfs*/, const char* name, sqlite3_file* file, int flags, int* out) {
  sqlite3_vfs* const real = real_vfs();
  CHECK(real->szOsFile <= kFileBytes);
  if ((flags & SQLITE_OPEN_WAL) == 0) return real->xOpen(real, name, file, flags, out);
  Wal* const made = new (static_cast<void*>(file)) Wal{};
  made->gathered.reserve(kGatheredBytesMax);
  made->real.reset(static_cast<sqlite3_file*>(sqlite3_malloc(real->szOsFile)));
  if (made->real == nullptr) {
    made->~Wal();
    file->pMethods = nullptr;
    return SQLITE_NOMEM;
  }
  made->real->pMethods = nullptr;
  const int code = real->xOpen(real, name, made->real.get(), flags, out);
  if (made->real->pMethods != nullptr) {
    made->pMethods = methods();
  } else {
    made->~Wal();
    file->pMethods = nullptr;  // so that it is not closed
  }
  return code;
}

/// Any method of the default VFS.
template <auto Method, class... Args>
int pass_vfs(sqlite3_vfs* /*vfs*/, Args... args) {
  sqlite3_vfs* const real = real_vfs();
  return (real->*Method)(real, args...);
}

}  // namespace

const char* gathering_vfs() {
  configure_sqlite();
  using V = sqlite3_vfs;
  static constexpr const char* kName = "annals";
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs made = *real_vfs();  // its loading of extensions, which nothing here does, too
    made.szOsFile = kFileBytes;
    made.pNext = nullptr;
    made.zName = kName;
    made.pAppData = nullptr;
    made.xOpen = open;
    made.xDelete = pass_vfs<&V::xDelete, const char*, int>;
    made.xAccess = pass_vfs<&V::xAccess, const char*, int, int*>;
    made.xFullPathname = pass_vfs<&V::xFullPathname, const char*, int, char*>;
    made.xRandomness = pass_vfs<&V::xRandomness, int, char*>;
    made.xSleep = pass_vfs<&V::xSleep, int>;
    made.xCurrentTime = pass_vfs<&V::xCurrentTime, double*>;
    made.xGetLastError = pass_vfs<&V::xGetLastError, int, char*>;
    made.xCurrentTimeInt64 = pass_vfs<&V::xCurrentTimeInt64, sqlite3_int64*>;
    return made;
  }();
  static const bool registered = sqlite3_vfs_register(&vfs, 0) == SQLITE_OK;
  CHECK(registered);
  return kName;
}

}  // namespace annals::db
