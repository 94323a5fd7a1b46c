// The requests of a load, made from what was prepared before it began. One thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace annals::bench {

class Requests {
 public:
  virtual ~Requests() = default;
  /// Puts the next request, head and body, into `out`.
  virtual void next(std::string& out) = 0;
  /// Entries that one request asks to be stored.
  [[nodiscard]] virtual std::size_t entries() const { return 0; }
};

struct AppendOptions {
  std::string host;  // of the Host header
  std::string key;   // an API key
  std::size_t batch = 1;
  std::uint64_t first = 0;  // the number of the first entry; what was sent before is a duplicate
  std::vector<std::string> contacts;  // ids, by external id
  double hot = 0;                     // see contact_of()
};

/// POST /api/v1/entries with `batch` drafts each (an object for one, else an array).
[[nodiscard]] std::unique_ptr<Requests> append_requests(const AppendOptions& options);

/// GET of one of `targets` at random, by a fixed seed.
[[nodiscard]] std::unique_ptr<Requests> get_requests(const std::string& host,
                                                     const std::string& key,
                                                     std::vector<std::string> targets);

/// The lines of a file, at least one.
[[nodiscard]] std::vector<std::string> read_lines(const std::string& path);

}  // namespace annals::bench
