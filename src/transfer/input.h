// Where an import's bytes come from: a file, unpacked on the way where it is gzip (RFC 1952; told
// by its first bytes, not by its name; several members in a row are one text).
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace annals::transfer {

class Input {
 public:
  virtual ~Input() = default;
  /// Appends up to `bytes` bytes to `out`; false at the end. Throws kInvalid (field `data`) where
  /// the packed data is damaged or cut off, or passes limits::kImportUnpackedBytesMax.
  [[nodiscard]] virtual bool read(std::string& out, std::size_t bytes) = 0;
  /// How much of the file has been read, for progress, and how long it is (0: not known).
  [[nodiscard]] virtual std::int64_t position() const = 0;
  [[nodiscard]] virtual std::int64_t size() const = 0;
};

/// Throws kNotFound where it is no file that can be read, kTooLarge past kImportFileBytesMax.
[[nodiscard]] std::unique_ptr<Input> open_input(const std::string& path);

/// Text in memory, for tests and for what has been uploaded.
[[nodiscard]] std::unique_ptr<Input> text_input(std::string text);

}  // namespace annals::transfer
