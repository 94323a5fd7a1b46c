#include "http/client.h"

#include <curl/curl.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/blocking.h"
#include "base/error.h"

namespace annals::http {
namespace {

constexpr std::size_t kHeadBytesMax = std::size_t{64} << 10;  // of a reply

struct HandleDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct AddressDeleter {
  void operator()(CURLU* address) const { curl_url_cleanup(address); }
};
struct TextDeleter {
  void operator()(char* text) const { curl_free(text); }
};

// Once a process, before anything else of libcurl is used.
void begin_curl() {
  static const bool begun = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  CHECK(begun);
}

/// What comes back, as far as it may.
struct Incoming {
  std::string body;
  std::size_t body_bytes_max = 0;
  std::size_t head_bytes = 0;
  bool too_large = false;
};

// libcurl's callbacks. Taking less than is given ends the transfer.
std::size_t take_body(char* bytes, std::size_t /*one*/, std::size_t count, void* into) {
  auto& incoming = *static_cast<Incoming*>(into);
  incoming.too_large = count > incoming.body_bytes_max - incoming.body.size();
  if (incoming.too_large) return 0;
  incoming.body.append(bytes, count);
  return count;
}

std::size_t take_head(char* /*bytes*/, std::size_t one, std::size_t count, void* into) {
  auto& incoming = *static_cast<Incoming*>(into);
  incoming.head_bytes += one * count;
  incoming.too_large = incoming.head_bytes > kHeadBytesMax;
  return incoming.too_large ? 0 : one * count;
}

int look_whether_to_give_up(void* flag, curl_off_t /*all*/, curl_off_t /*got*/, curl_off_t /*out*/,
                            curl_off_t /*sent*/) {
  return static_cast<const std::atomic<bool>*>(flag)->load() ? 1 : 0;
}

std::unique_ptr<curl_slist, ListDeleter> header_list(const PostRequest& request) {
  curl_slist* list = curl_slist_append(nullptr, ("Content-Type: " + request.content_type).c_str());
  for (const auto& [name, value] : request.headers) {
    std::string line = name;
    line.append(": ").append(value);
    curl_slist* longer = curl_slist_append(list, line.c_str());
    if (longer == nullptr) break;
    list = longer;
  }
  CHECK(list != nullptr);
  return std::unique_ptr<curl_slist, ListDeleter>(list);
}

template <class Value>
void set(CURL* handle, CURLoption option, Value value) {
  CHECK(curl_easy_setopt(handle, option, value) == CURLE_OK);
}

}  // namespace

PostReply post(const PostRequest& request) {
  begin_curl();
  const std::unique_ptr<CURL, HandleDeleter> handle(curl_easy_init());
  CHECK(handle);
  CURL* curl = handle.get();
  const auto headers = header_list(request);
  Incoming incoming{
      .body = {}, .body_bytes_max = request.reply_bytes_max, .head_bytes = 0, .too_large = false};
  set(curl, CURLOPT_URL, request.url.c_str());
  set(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  set(curl, CURLOPT_FOLLOWLOCATION, 0L);
  set(curl, CURLOPT_NOSIGNAL, 1L);
  set(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(request.deadline_ms));
  set(curl, CURLOPT_USERAGENT, "Annals");
  set(curl, CURLOPT_HTTPHEADER, headers.get());
  set(curl, CURLOPT_POST, 1L);
  set(curl, CURLOPT_POSTFIELDS, request.body.data());
  set(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  set(curl, CURLOPT_WRITEFUNCTION, &take_body);
  set(curl, CURLOPT_WRITEDATA, &incoming);
  set(curl, CURLOPT_HEADERFUNCTION, &take_head);
  set(curl, CURLOPT_HEADERDATA, &incoming);
  if (request.give_up != nullptr) {
    set(curl, CURLOPT_NOPROGRESS, 0L);
    set(curl, CURLOPT_XFERINFOFUNCTION, &look_whether_to_give_up);
    set(curl, CURLOPT_XFERINFODATA, request.give_up);
  }
  const base::Blocking blocking;
  const CURLcode code = curl_easy_perform(curl);
  if (incoming.too_large) {
    throw base::Error(base::Code::kUnavailable, "The answer is too large.");
  }
  if (code != CURLE_OK) {
    throw base::Error(base::Code::kUnavailable, curl_easy_strerror(code));
  }
  long status = 0;
  CHECK(curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK);
  return {.status = static_cast<int>(status), .body = std::move(incoming.body)};
}

bool is_web_address(const std::string& url) {
  begin_curl();
  const std::unique_ptr<CURLU, AddressDeleter> address(curl_url());
  CHECK(address);
  if (curl_url_set(address.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return false;
  char* text = nullptr;
  if (curl_url_get(address.get(), CURLUPART_SCHEME, &text, 0) != CURLUE_OK) return false;
  const std::unique_ptr<char, TextDeleter> scheme(text);
  return std::string_view(scheme.get()) == "http" || std::string_view(scheme.get()) == "https";
}

}  // namespace annals::http
