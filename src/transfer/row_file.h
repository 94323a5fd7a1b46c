// A CSV of the rows that need a person's eye: the file's own columns, then the line and the reason,
// in the file's own encoding and delimiter, so that it can be mended and imported in turn.
#pragma once
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "transfer/mapping.h"

namespace annals::transfer {

class RowFile {
 public:
  /// Written as `path` + ".part" and renamed by finish(). Nothing is made before the first row.
  RowFile(std::string path, const FileFormat& format, std::vector<std::string> columns)
      : path_(std::move(path)), format_(format), columns_(std::move(columns)) {}

  /// `raw` as the file has it. Throws kStorageFull where it cannot be written.
  void add(std::int64_t line, const std::vector<std::string>& raw, const std::string& reason);
  /// The file's path, or empty where no row came; an older file of that path is then removed.
  std::string finish();

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  void write(const std::vector<std::string>& cells);
  [[noreturn]] void fail(const char* what) const;

  std::string path_;
  FileFormat format_;
  std::vector<std::string> columns_;
  std::unique_ptr<std::FILE, Close> file_;
};

/// Where the rows of `data` go: `given`, or `data` + `suffix`, or that name in the current folder
/// where the data's folder cannot be written. Throws kInvalid where it is `data` itself.
[[nodiscard]] std::string row_file_path(const std::string& given, const std::string& data,
                                        const std::string& suffix);

}  // namespace annals::transfer
