// Files copied so that they are on the disk when the call returns, and their hashes.
#pragma once
#include <cstdint>
#include <string>

namespace annals::base {

/// Hexadecimal SHA-256 of a file's bytes. Throws kNotFound, kUnavailable.
[[nodiscard]] std::string sha256_of_file(const std::string& path);

/// Copies through `to` + ".part"; makes the folders that are missing (mode 0700). Throws kNotFound,
/// kStorageFull, kUnavailable.
void copy_file(const std::string& from, const std::string& to);

/// Brings `path` + ".part", which somebody wrote, to the disk and to its name.
void put_in_place(const std::string& path);

/// Writes a whole file, likewise.
void write_file(const std::string& path, const std::string& bytes);

/// Throws kNotFound; kTooLarge beyond `bytes_max`.
[[nodiscard]] std::string read_file(const std::string& path, std::int64_t bytes_max);

void sync_folder(const std::string& path);

}  // namespace annals::base
