#include "bench/requests.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "bench/drafts.h"

namespace annals::bench {
namespace {

constexpr std::size_t kBodies = 8'192;  // prepared; more than a processor's caches hold

class Appends final : public Requests {
 public:
  explicit Appends(const AppendOptions& options)
      : batch_(options.batch),
        number_(options.first),
        contacts_(options.contacts),
        hot_(options.hot),
        head_("POST /api/v1/entries HTTP/1.1\r\nHost: " + options.host +
              "\r\nAuthorization: Bearer " + options.key +
              "\r\nContent-Type: application/json\r\nContent-Length: ") {
    const std::vector<Draft> drafts = make_drafts(kBodies);
    bodies_.reserve(drafts.size());
    for (const Draft& draft : drafts) bodies_.push_back(make_body(draft, bodies_.size() % 2 == 0));
  }

  void next(std::string& out) override {
    const bool array = batch_ > 1;
    std::size_t bytes = array ? batch_ + 1 : 0;  // brackets and commas
    for (std::size_t i = 0; i < batch_; ++i) bytes += body_of(number_ + i).json.size();
    out = head_;
    out += std::to_string(bytes);
    out += "\r\n\r\n";
    for (std::size_t i = 0; i < batch_; ++i) {
      if (array) out += i == 0 ? '[' : ',';
      const Body& body = body_of(number_);
      const std::size_t at = out.size();
      out += body.json;
      fill_body(out.data() + at, body, number_, contact_of(number_, contacts_.size(), hot_),
                contacts_);
      ++number_;
    }
    if (array) out += ']';
  }

  [[nodiscard]] std::size_t entries() const override { return batch_; }

 private:
  [[nodiscard]] const Body& body_of(std::uint64_t number) const {
    return bodies_[mix(number) % bodies_.size()];
  }

  std::size_t batch_;
  std::uint64_t number_;
  std::vector<std::string> contacts_;
  double hot_;
  std::string head_;
  std::vector<Body> bodies_;
};

class Gets final : public Requests {
 public:
  Gets(const std::string& host, const std::string& key, std::vector<std::string> targets)
      : targets_(std::move(targets)),
        tail_(" HTTP/1.1\r\nHost: " + host +
              (key.empty() ? "" : "\r\nAuthorization: Bearer " + key) + "\r\n\r\n") {}

  void next(std::string& out) override {
    out = "GET ";
    out += targets_[mix(number_++) % targets_.size()];
    out += tail_;
  }

 private:
  std::vector<std::string> targets_;
  std::string tail_;
  std::uint64_t number_ = 0;
};

}  // namespace

std::unique_ptr<Requests> append_requests(const AppendOptions& options) {
  return std::make_unique<Appends>(options);
}

std::unique_ptr<Requests> get_requests(const std::string& host, const std::string& key,
                                       std::vector<std::string> targets) {
  return std::make_unique<Gets>(host, key, std::move(targets));
}

std::vector<std::string> read_lines(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  if (lines.empty()) throw std::runtime_error(path + " has no line");
  return lines;
}

}  // namespace annals::bench
