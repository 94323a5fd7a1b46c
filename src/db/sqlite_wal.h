// A VFS for connections that write: it gathers the frames that SQLite appends to its write-ahead
// log, which come as a header of 24 bytes and a page each, and writes them by one call where they
// end a transaction. Everything else is the default VFS's. Private to db/.
//
// Nothing of a transaction is asked for before its last frame is written (file format:
// https://www.sqlite.org/fileformat2.html#walformat), since others learn of its frames from the
// index in -shm, which is changed after that; and a sync writes what was gathered.
#pragma once

namespace annals::db {

/// The name to open connections with. Registers it at the first call. Safe from any thread.
[[nodiscard]] const char* gathering_vfs();

}  // namespace annals::db
