// `annals export --server`: the same by the API of a running server.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <ios>
#include <map>
#include <ostream>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/files.h"
#include "base/id.h"
#include "base/json.h"
#include "evidence/evidence.h"
#include "evidence/export_query.h"
#include "http/client.h"
#include "http/message.h"

namespace annals::evidence {
namespace {

constexpr std::int64_t kAnswerMs = 30'000;
constexpr std::int64_t kDownloadMs = 3'600'000;
constexpr std::size_t kAnswerBytesMax = std::size_t{1} << 20;
constexpr std::int64_t kBundleBytesMax = std::int64_t{1} << 40;
constexpr std::chrono::milliseconds kLookEvery{250};

std::string order_json(const ExportOrder& order) {
  base::JsonWriter out;
  out.begin_object().member("format", "bundle").member("all_leaves", order.all_leaves);
  if (order.contact) out.member("contact", *order.contact);
  std::map<std::string, std::vector<std::string>> filters;
  for (const auto& [name, value] : parse_query_text(order.filters)) filters[name].push_back(value);
  out.key("filters").begin_object();
  for (const auto& [name, values] : filters) {
    out.key(name).begin_array();
    for (const std::string& value : values) out.value(value);
    out.end_array();
  }
  out.end_object();
  return out.end_object().take();
}

/// The server's answer as JSON. Throws what it says where it refuses.
base::Json answer(const http::WebReply& reply) {
  base::Json json;
  try {
    json = base::parse_json(reply.body, kAnswerBytesMax);
  } catch (const base::Error&) {
    throw base::Error(
        base::Code::kUnavailable,
        "The server answers " + std::to_string(reply.status) + ", and not as Annals.");
  }
  if (reply.status / 100 == 2) return json;
  const base::Json* detail = json.find("detail");
  throw base::Error(base::Code::kUnavailable,
                    detail != nullptr && detail->is_string()
                        ? detail->text()
                        : "The server answers " + std::to_string(reply.status) + ".");
}

std::string text_of(const base::Json& json, std::string_view name) {
  const base::Json* value = json.find(name);
  if (value == nullptr || !value->is_string()) {
    throw base::Error(base::Code::kUnavailable, "The server does not answer as Annals does.");
  }
  return value->text();
}

std::int64_t count_of(const base::Json& json, std::string_view name) {
  const base::Json* value = json.find(name);
  return value == nullptr ? 0 : value->as_int().value_or(0);
}

class Remote {
 public:
  Remote(const std::string& server, const std::string& api_key, const ExportOrder& order)
      : order_(order), headers_{{"Authorization", "Bearer " + api_key}}, api_(server) {
    if (!http::is_web_address(server)) {
      throw base::invalid("server", "address", "must be an address, http://… or https://…");
    }
    while (api_.ends_with('/')) api_.pop_back();
    api_ += "/api/v1/exports";
  }

  std::string begin() {
    http::Pairs headers = headers_;
    headers.emplace_back("Idempotency-Key", base::make_id(base::system_clock().now()).text());
    return text_of(answer(http::post({.url = api_,
                                      .content_type = "application/json",
                                      .body = order_json(order_),
                                      .headers = headers,
                                      .reply_bytes_max = kAnswerBytesMax,
                                      .deadline_ms = kAnswerMs})),
                   "id");
  }

  base::Json look(const std::string& id) {
    return answer(http::get({.url = api_ + "/" + id,
                             .headers = headers_,
                             .reply_bytes_max = kAnswerBytesMax,
                             .deadline_ms = kAnswerMs}));
  }

  void download(const std::string& id, std::int64_t bytes, const std::string& sha256) {
    const std::string part = order_.bundle + ".part";
    std::ofstream file(part, std::ios::binary | std::ios::trunc);
    const auto take = [&](std::string_view piece) {
      file.write(piece.data(), static_cast<std::streamsize>(piece.size()));
      if (!file) cannot_write();
    };
    if (!file) cannot_write();
    const http::WebReply reply =
        http::get({.url = api_ + "/" + id + "/file",
                   .headers = headers_,
                   .reply_bytes_max = static_cast<std::size_t>(std::min(bytes, kBundleBytesMax)),
                   .deadline_ms = kDownloadMs,
                   .sink = take});
    file.close();
    if (reply.status != 200) static_cast<void>(answer(reply));
    if (!file) cannot_write();
    if (base::sha256_of_file(part) != sha256) {
      std::error_code ignored;
      std::filesystem::remove(part, ignored);
      throw base::Error(base::Code::kUnavailable, "The file did not come in whole; try again.");
    }
    base::put_in_place(order_.bundle);
  }

 private:
  [[noreturn]] void cannot_write() const {
    throw base::Error(base::Code::kStorageFull, order_.bundle + " cannot be written.");
  }

  const ExportOrder& order_;
  http::Pairs headers_;
  std::string api_;
};

}  // namespace

int remote_export_command(const std::string& server, const std::string& api_key,
                          const ExportOrder& order, std::ostream& out, std::ostream& err) {
  Remote remote(server, api_key, order);
  const std::string id = remote.begin();
  base::Json job = remote.look(id);
  for (std::string status = text_of(job, "status"); status == "waiting" || status == "running";
       status = text_of(job, "status")) {
    const base::Json* progress = job.find("progress");
    if (order.terminal && progress != nullptr) {
      const std::int64_t all = count_of(*progress, "all");
      err << "\r" << 100 * count_of(*progress, "done") / std::max<std::int64_t>(all, 1) << " % of "
          << all << " leaves" << std::flush;
    }
    std::this_thread::sleep_for(kLookEvery);
    job = remote.look(id);
  }
  if (order.terminal) err << "\n";
  if (text_of(job, "status") != "done") {
    throw base::Error(base::Code::kUnavailable, text_of(job, "error"));
  }
  const std::int64_t bytes = count_of(job, "size");
  remote.download(id, bytes, text_of(job, "sha256"));
  out << order.bundle << ": " << bytes << " bytes\n";
  return 0;
}

}  // namespace annals::evidence
