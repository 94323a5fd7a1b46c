#include "transfer/row_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "base/error.h"
#include "transfer/csv.h"

namespace annals::transfer {

namespace fs = std::filesystem;

void RowFile::fail(const char* what) const {
  const int reason = errno;
  throw base::Error(base::Code::kStorageFull, path_ + ".part cannot be " + what + ": " +
                                                  std::generic_category().message(reason));
}

void RowFile::write(const std::vector<std::string>& cells) {
  std::string text;
  append_csv_row(text, cells, format_.csv);
  if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size()) fail("written");
}

void RowFile::add(std::int64_t line, const std::vector<std::string>& raw,
                  const std::string& reason) {
  if (!file_) {
    file_.reset(std::fopen((path_ + ".part").c_str(), "wbe"));
    if (!file_) fail("made");
    std::vector<std::string> header;
    header.reserve(columns_.size() + 2);
    for (const std::string& column : columns_) header.push_back(encode(column, format_.encoding));
    header.insert(header.end(), {"line", "reason"});
    write(header);
  }
  std::vector<std::string> cells = raw;
  if (raw.size() != columns_.size()) {
    // Nobody can say which cells are which: the row stands in one, so that it is not taken for
    // whole.
    std::string text;
    append_csv_row(text, raw, format_.csv);
    cells = {raw.size() == 1 ? raw[0] : text.substr(0, text.size() - 2)};
    cells.resize(columns_.size());
  }
  cells.push_back(std::to_string(line));
  cells.push_back(encode(reason, format_.encoding));
  write(cells);
}

std::string RowFile::finish() {
  std::error_code ignored;
  if (!file_) {
    fs::remove(path_, ignored);
    return {};
  }
  if (std::fflush(file_.get()) != 0) fail("written");
  file_.reset();
  std::error_code error;
  fs::rename(path_ + ".part", path_, error);
  if (error) {
    errno = error.value();
    fail("renamed");
  }
  return path_;
}

std::string row_file_path(const std::string& given, const std::string& data,
                          const std::string& suffix) {
  if (!given.empty()) {
    std::error_code ignored;
    if (fs::equivalent(given, data, ignored)) {
      throw base::invalid("rejected", "conflict",
                          given + " is the file that is imported; name another for its rows");
    }
    return given;
  }
  const fs::path folder = fs::absolute(data).parent_path();
  if (::access(folder.c_str(), W_OK) == 0) return data + suffix;
  return fs::path(data).filename().string() + suffix;
}

}  // namespace annals::transfer
