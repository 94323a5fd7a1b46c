// For tests: a disk that remembers every write and every sync, and can lay down what it might hold
// after a power cut at any moment. What was synced is there; of what was written since, any part
// may be missing, torn at 512-byte sectors, or written in another order.
//
// It is a VFS around SQLite's own, and the default one while it lives: databases opened after it
// are on it, and must be closed before it goes. Real syncs are left out, since nothing but a real
// power cut would need them. What SQLite maps (-shm) does not outlive a power cut and is not kept.
#pragma once
#include <sqlite3.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <ios>
#include <iterator>
#include <map>
#include <mutex>
#include <new>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"

namespace annals::db {

class TestDisk {
 public:
  /// What becomes of the writes that no sync followed.
  enum class Unsynced { kNone, kAll, kSome };

  TestDisk() : real_(sqlite3_vfs_find(nullptr)), vfs_(*real_) {
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
    vfs_.pNext = nullptr;
    vfs_.zName = "test_disk";
    vfs_.pAppData = this;
    vfs_.xOpen = open;
    vfs_.xDelete = remove;
    sqlite3_vfs_register(&vfs_, 1);
  }
  ~TestDisk() {
    sqlite3_vfs_register(real_, 1);
    sqlite3_vfs_unregister(&vfs_);
  }
  TestDisk(const TestDisk&) = delete;
  TestDisk& operator=(const TestDisk&) = delete;

  /// How much has happened so far.
  [[nodiscard]] std::size_t moment() const {
    const std::lock_guard lock(mutex_);
    return events_.size();
  }
  /// The moments at which a sync was asked for, and had not ended yet: of the file of that name, or
  /// of any.
  [[nodiscard]] std::vector<std::size_t> syncs(std::string_view file = "") const {
    const std::lock_guard lock(mutex_);
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < events_.size(); ++i) {
      const Event& event = events_[i];
      if (event.what != What::kSync) continue;
      if (file.empty() || name_of(event.name) == file) found.push_back(i);
    }
    return found;
  }
  /// From now on nothing is remembered; files opened now work as ever.
  void stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }

  /// Lays down in `folder` the files (by their names alone) after a power cut at `moment`.
  void cut(std::size_t moment, Unsynced unsynced, std::uint64_t seed,
           const std::string& folder) const {
    const std::lock_guard lock(mutex_);
    const base::SeededRandom random(seed);
    for (auto& [name, state] : states_at(moment)) {
      if (!state.named && unsynced != Unsynced::kAll &&
          (unsynced == Unsynced::kNone || coin(random))) {
        continue;
      }
      if (unsynced == Unsynced::kSome) {
        lose_some(state, random);
      } else if (unsynced == Unsynced::kAll) {
        for (const Event* event : state.pending) apply(state.content, *event);
      }
      const std::string target = folder + "/" + name_of(name);
      std::ofstream(target, std::ios::binary) << state.content;
    }
  }

 private:
  static constexpr std::size_t kSector = 512;

  enum class What { kCreate, kWrite, kTruncate, kSync, kRemove };
  struct Event {
    What what;
    std::string name;    // of the file
    std::size_t at = 0;  // offset, or the size that is left
    std::string bytes{};
  };
  struct State {
    std::string content;  // what is synced
    bool named = true;    // whether the folder is sure to have it
    std::vector<const Event*> pending{};
  };
  // SQLite allots it, with room for its own file behind it.
  struct File : sqlite3_file {
    TestDisk* disk;
    sqlite3_file* real;
    const char* name;  // null where its writes are not kept
  };

  static std::string name_of(const std::string& path) {
    return std::filesystem::path(path).filename().string();
  }
  static bool coin(const base::SeededRandom& random) { return random.below(2) == 1; }

  static void apply(std::string& content, const Event& event) {
    if (event.what == What::kTruncate) {
      content.resize(event.at);
      return;
    }
    if (content.size() < event.at + event.bytes.size()) {
      content.resize(event.at + event.bytes.size());
    }
    content.replace(event.at, event.bytes.size(), event.bytes);
  }

  // Of a torn write each sector is there or not, on its own.
  static void apply_torn(std::string& content, const Event& event,
                         const base::SeededRandom& random) {
    std::size_t from = 0;
    while (from < event.bytes.size()) {
      const std::size_t room = kSector - (event.at + from) % kSector;
      const std::size_t size = std::min(room, event.bytes.size() - from);
      if (coin(random)) {
        apply(content, {What::kWrite, "", event.at + from, event.bytes.substr(from, size)});
      }
      from += size;
    }
  }

  static void lose_some(State& state, const base::SeededRandom& random) {
    for (std::size_t left = state.pending.size(); left > 1; --left) {
      const std::size_t other = random.below(static_cast<std::uint32_t>(left));
      std::swap(state.pending[left - 1], state.pending[other]);
    }
    for (const Event* event : state.pending) {
      switch (random.below(3)) {
        case 0:
          break;
        case 1:
          apply(state.content, *event);
          break;
        default:
          apply_torn(state.content, *event, random);
      }
    }
  }

  // A new file's name is safe with its first sync (SQLite syncs the folder then). A removed file is
  // gone at once.
  [[nodiscard]] std::map<std::string, State> states_at(std::size_t moment) const {
    std::map<std::string, State> states = found_;
    for (std::size_t i = 0; i < moment; ++i) {
      const Event& event = events_[i];
      switch (event.what) {
        case What::kCreate:
          states[event.name] = {.content = "", .named = false};
          break;
        case What::kRemove:
          states.erase(event.name);
          break;
        case What::kSync: {
          State& state = states[event.name];
          for (const Event* pending : state.pending) apply(state.content, *pending);
          state.pending.clear();
          state.named = true;
          break;
        }
        default:
          states[event.name].pending.push_back(&event);
      }
    }
    return states;
  }

  void note(Event event) {
    if (!stopped_) events_.push_back(std::move(event));
  }

  // A file that was there before the disk is as it was found; one that is not there is made.
  void note_open(const std::string& name) {
    const std::lock_guard lock(mutex_);
    const bool there = std::filesystem::exists(name);
    if (there && !known_.contains(name) && !stopped_) {
      std::ifstream in(name, std::ios::binary);
      found_[name].content.assign(std::istreambuf_iterator<char>(in), {});
    }
    if (!there) note({.what = What::kCreate, .name = name});
    known_.insert(name);
  }

  static File* file(sqlite3_file* base) { return static_cast<File*>(base); }

  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* base, int flags, int* out) {
    auto* const disk = static_cast<TestDisk*>(vfs->pAppData);
    constexpr int kKept = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL;
    File* const made = new (base) File{};
    void* const behind = made + 1;
    made->disk = disk;
    made->real = static_cast<sqlite3_file*>(behind);
    made->name = (flags & kKept) != 0 ? name : nullptr;
    if (made->name != nullptr) disk->note_open(name);
    const int code = disk->real_->xOpen(disk->real_, name, made->real, flags, out);
    made->pMethods = made->real->pMethods == nullptr ? nullptr : methods();
    return code;
  }
  static int remove(sqlite3_vfs* vfs, const char* name, int sync_folder) {
    auto* const disk = static_cast<TestDisk*>(vfs->pAppData);
    const std::lock_guard lock(disk->mutex_);
    const int code = disk->real_->xDelete(disk->real_, name, sync_folder);
    if (code == SQLITE_OK) disk->note({.what = What::kRemove, .name = name});
    return code;
  }
  static int write(sqlite3_file* base, const void* data, int size, sqlite3_int64 at) {
    File* const self = file(base);
    const std::lock_guard lock(self->disk->mutex_);
    const int code = self->real->pMethods->xWrite(self->real, data, size, at);
    if (code == SQLITE_OK && self->name != nullptr) {
      self->disk->note(
          {.what = What::kWrite,
           .name = self->name,
           .at = static_cast<std::size_t>(at),
           .bytes = std::string(static_cast<const char*>(data), static_cast<std::size_t>(size))});
    }
    return code;
  }
  static int truncate(sqlite3_file* base, sqlite3_int64 size) {
    File* const self = file(base);
    const std::lock_guard lock(self->disk->mutex_);
    const int code = self->real->pMethods->xTruncate(self->real, size);
    if (code == SQLITE_OK && self->name != nullptr) {
      self->disk->note(
          {.what = What::kTruncate, .name = self->name, .at = static_cast<std::size_t>(size)});
    }
    return code;
  }
  static int sync(sqlite3_file* base, int /*flags*/) {
    File* const self = file(base);
    const std::lock_guard lock(self->disk->mutex_);
    if (self->name != nullptr) self->disk->note({.what = What::kSync, .name = self->name});
    return SQLITE_OK;
  }

  // All other methods are those of SQLite's own file.
  template <auto Method, class... Args>
  static auto pass(sqlite3_file* base, Args... args) {
    sqlite3_file* const real = file(base)->real;
    return (real->pMethods->*Method)(real, args...);
  }
  static const sqlite3_io_methods* methods() {
    using M = sqlite3_io_methods;
    static const M methods = {
        .iVersion = 3,
        .xClose = pass<&M::xClose>,
        .xRead = pass<&M::xRead, void*, int, sqlite3_int64>,
        .xWrite = write,
        .xTruncate = truncate,
        .xSync = sync,
        .xFileSize = pass<&M::xFileSize, sqlite3_int64*>,
        .xLock = pass<&M::xLock, int>,
        .xUnlock = pass<&M::xUnlock, int>,
        .xCheckReservedLock = pass<&M::xCheckReservedLock, int*>,
        .xFileControl = pass<&M::xFileControl, int, void*>,
        .xSectorSize = pass<&M::xSectorSize>,
        .xDeviceCharacteristics = pass<&M::xDeviceCharacteristics>,
        .xShmMap = pass<&M::xShmMap, int, int, int, void volatile**>,
        .xShmLock = pass<&M::xShmLock, int, int, int>,
        .xShmBarrier = pass<&M::xShmBarrier>,
        .xShmUnmap = pass<&M::xShmUnmap, int>,
        .xFetch = pass<&M::xFetch, sqlite3_int64, int, void**>,
        .xUnfetch = pass<&M::xUnfetch, sqlite3_int64, void*>,
    };
    return &methods;
  }

  sqlite3_vfs* const real_;
  sqlite3_vfs vfs_;
  mutable std::mutex mutex_;
  bool stopped_ = false;
  std::vector<Event> events_;
  std::map<std::string, State> found_;  // files that were there before
  std::set<std::string> known_;
};

}  // namespace annals::db
