#include "http/client.h"

#include <curl/curl.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/blocking.h"
#include "base/error.h"
#include "http/message.h"

namespace annals::http {
namespace {

constexpr int kOk = 200;
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
  CURL* handle = nullptr;
  std::size_t body_bytes_max = 0;
  const std::function<void(std::string_view)>* sink = nullptr;
  std::string body{};
  std::size_t body_bytes = 0;
  std::size_t head_bytes = 0;
  bool too_large = false;
  std::exception_ptr failure{};  // of the sink

  [[nodiscard]] int status() const {
    long status = 0;
    CHECK(curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK);
    return static_cast<int>(status);
  }
};

// libcurl's callbacks. Taking less than is given ends the transfer.
std::size_t take_body(char* bytes, std::size_t /*one*/, std::size_t count, void* into) {
  auto& incoming = *static_cast<Incoming*>(into);
  incoming.too_large = count > incoming.body_bytes_max - incoming.body_bytes;
  if (incoming.too_large) return 0;
  incoming.body_bytes += count;
  if (incoming.sink == nullptr || incoming.status() != kOk) {
    incoming.body.append(bytes, count);
    return count;
  }
  try {
    (*incoming.sink)({bytes, count});
  } catch (...) {
    incoming.failure = std::current_exception();
    return 0;
  }
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

using Headers = std::unique_ptr<curl_slist, ListDeleter>;

void add_header(Headers& headers, const std::string& name, const std::string& value) {
  std::string line = name;
  line.append(": ").append(value);
  curl_slist* const before = headers.release();  // a part of the longer one
  headers.reset(curl_slist_append(before, line.c_str()));
  CHECK(headers != nullptr);
}

template <class Value>
void set(CURL* handle, CURLoption option, Value value) {
  CHECK(curl_easy_setopt(handle, option, value) == CURLE_OK);
}

/// One request, from its options to its end.
class Transfer {
 public:
  Transfer(const std::string& url, const Pairs& headers, std::size_t reply_bytes_max,
           std::int64_t deadline_ms)
      : handle_((begin_curl(), curl_easy_init())),
        incoming_{.handle = handle_.get(), .body_bytes_max = reply_bytes_max} {
    CURL* curl = handle_.get();
    CHECK(curl != nullptr);
    for (const auto& [name, value] : headers) add_header(headers_, name, value);
    set(curl, CURLOPT_URL, url.c_str());
    set(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    set(curl, CURLOPT_FOLLOWLOCATION, 0L);
    set(curl, CURLOPT_NOSIGNAL, 1L);
    set(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(deadline_ms));
    set(curl, CURLOPT_USERAGENT, "Annals");
    set(curl, CURLOPT_WRITEFUNCTION, &take_body);
    set(curl, CURLOPT_WRITEDATA, &incoming_);
    set(curl, CURLOPT_HEADERFUNCTION, &take_head);
    set(curl, CURLOPT_HEADERDATA, &incoming_);
  }

  void post(const std::string& content_type, const std::string& body) {
    CURL* curl = handle_.get();
    add_header(headers_, "Content-Type", content_type);
    set(curl, CURLOPT_POST, 1L);
    set(curl, CURLOPT_POSTFIELDS, body.data());
    set(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  }
  void give_up_at(const std::atomic<bool>* flag) {
    if (flag == nullptr) return;
    set(handle_.get(), CURLOPT_NOPROGRESS, 0L);
    set(handle_.get(), CURLOPT_XFERINFOFUNCTION, &look_whether_to_give_up);
    set(handle_.get(), CURLOPT_XFERINFODATA, flag);
  }
  void give_to(const std::function<void(std::string_view)>& sink) {
    if (sink) incoming_.sink = &sink;
  }

  WebReply run() {
    set(handle_.get(), CURLOPT_HTTPHEADER, headers_.get());
    const base::Blocking blocking;
    const CURLcode code = curl_easy_perform(handle_.get());
    if (incoming_.failure) std::rethrow_exception(incoming_.failure);
    if (incoming_.too_large) {
      throw base::Error(base::Code::kUnavailable, "The answer is too large.");
    }
    if (code != CURLE_OK) {
      throw base::Error(base::Code::kUnavailable, curl_easy_strerror(code));
    }
    return {.status = incoming_.status(), .body = std::move(incoming_.body)};
  }

 private:
  std::unique_ptr<CURL, HandleDeleter> handle_;
  Headers headers_;
  Incoming incoming_;
};

}  // namespace

WebReply post(const PostRequest& request) {
  Transfer transfer(request.url, request.headers, request.reply_bytes_max, request.deadline_ms);
  transfer.post(request.content_type, request.body);
  transfer.give_up_at(request.give_up);
  return transfer.run();
}

WebReply get(const GetRequest& request) {
  Transfer transfer(request.url, request.headers, request.reply_bytes_max, request.deadline_ms);
  transfer.give_to(request.sink);
  return transfer.run();
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
