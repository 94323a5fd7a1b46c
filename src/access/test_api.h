// For tests: a server without sockets. Routes are bound as the program binds them, over a database
// in a folder of its own and a clock that stands.
#pragma once
#include <memory>
#include <string>
#include <utility>

#include "access/access.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/temp_folder.h"
#include "db/db.h"
#include "db/test_database.h"
#include "http/message.h"
#include "http/problem.h"
#include "http/router.h"

namespace annals::access {

/// A reply as a test looks at it.
struct Reply {
  int status = 0;
  http::Pairs headers;
  std::string text;
  base::Json json;  // null where the body is none

  /// The first header of that name, as the server wrote it.
  [[nodiscard]] std::string header(std::string_view name) const {
    for (const auto& [one, value] : headers) {
      if (one == name) return value;
    }
    return {};
  }
  /// The text of a member: at("business.name"), at("items.0.id"). Empty where there is none.
  [[nodiscard]] std::string at(std::string_view path) const {
    const base::Json* json_at = &json;
    while (json_at != nullptr && !path.empty()) {
      const std::size_t dot = path.find('.');
      const std::string name(path.substr(0, dot));
      path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
      if (json_at->is_array()) {
        const auto index = static_cast<std::size_t>(std::stoul(name));
        json_at = index < json_at->items().size() ? &json_at->items()[index] : nullptr;
      } else {
        json_at = json_at->find(name);
      }
    }
    if (json_at == nullptr || json_at->is_null()) return {};
    return json_at->is_string() || json_at->is_number() ? json_at->text() : json_at->dump();
  }
  /// "field code; field code" of a problem document.
  [[nodiscard]] std::string errors() const {
    std::string out;
    const base::Json* list = json.find("errors");
    if (list == nullptr) return out;
    for (const base::Json& error : list->items()) {
      if (!out.empty()) out += "; ";
      out += error.find("field")->text() + " " + error.find("code")->text();
    }
    return out;
  }
};

class TestApi {
 public:
  /// Folder and clock of `options` are the test's own.
  explicit TestApi(Wiring wiring = {}, db::Options options = {}) {
    wiring.password_cost = kCheapPasswordCost;
    wiring.clock = &clock;
    options.folder = folder_.path();
    options.clock = &clock;
    database = db::open_for_test(options);
    gate_ = std::make_unique<Gate>(*database, clock);
    add(routes(std::move(wiring)));
  }

  void add(Routes more) {
    for (Route& route : more) router_.add(gate_->bind(std::move(route)));
  }

  /// Sends what `credential` is for: an API key ("ann_…") or a cookie ("annals=…").
  Reply send(http::Method method, const std::string& path, const std::string& body,
             const std::string& credential, const http::Pairs& headers = {}) {
    http::Request request;
    request.method = method;
    const std::size_t mark = path.find('?');
    request.path = "/api/v1" + path.substr(0, mark);
    if (mark != std::string::npos) read_query(path.substr(mark + 1), request.query);
    request.headers = {{"host", "annals.example"}};
    if (!body.empty()) request.headers.emplace_back("content-type", "application/json");
    if (credential.starts_with("ann_")) {
      request.headers.emplace_back("authorization", "Bearer " + credential);
    } else if (!credential.empty()) {
      request.headers.emplace_back("cookie", credential);
    }
    request.headers.insert(request.headers.end(), headers.begin(), headers.end());
    request.body = body;
    request.remote_address = address;
    return answer(request);
  }
  Reply get(const std::string& path, const std::string& credential) {
    return send(http::Method::kGet, path, "", credential);
  }
  Reply post(const std::string& path, const std::string& body, const std::string& credential,
             const http::Pairs& headers = {}) {
    return send(http::Method::kPost, path, body, credential, headers);
  }
  Reply patch(const std::string& path, const std::string& body, const std::string& credential,
              const http::Pairs& headers = {}) {
    return send(http::Method::kPatch, path, body, credential, headers);
  }
  Reply remove(const std::string& path, const std::string& credential) {
    return send(http::Method::kDelete, path, "", credential);
  }

  /// Sets the server up as `Ada`'s and returns her cookie.
  std::string set_up() {
    const Reply reply = post("/setup", kSetup, "");
    return cookie_of(reply);
  }
  /// Signs in and returns the cookie; empty where that fails.
  std::string sign_in(const std::string& email, const std::string& password) {
    return cookie_of(
        post("/session", R"({"email":")" + email + R"(","password":")" + password + "\"}", ""));
  }
  /// A staff member of that role (`staff@annals.example`), signed in.
  std::string hire(const std::string& role, const std::string& owner) {
    post("/staff",
         R"({"name":")" + role + R"(","email":")" + role + R"(@annals.example","role":")" + role +
             R"(","password":"long enough"})",
         owner);
    return sign_in(role + "@annals.example", "long enough");
  }
  std::string make_key(const std::string& scope, const std::string& owner) {
    return post("/api-keys", R"({"name":"key","scopes":[")" + scope + "\"]}", owner).at("secret");
  }
  static std::string cookie_of(const Reply& reply) {
    const std::string header = reply.header("Set-Cookie");
    return header.substr(0, header.find(';'));
  }

  static constexpr const char* kSetup =
      R"({"business":{"name":"Studio","time_zone":"Europe/Berlin","locale":"de","currency":"EUR"},)"
      R"("owner":{"name":"Ada","email":"ada@annals.example","password":"correct horse"}})";

  base::ManualClock clock;
  std::unique_ptr<db::Database> database;
  std::string address = "192.0.2.1";

 private:
  static void read_query(std::string_view text, http::Pairs& query) {
    while (!text.empty()) {
      const std::size_t end = text.find('&');
      const std::string_view pair = text.substr(0, end);
      const std::size_t equals = pair.find('=');
      query.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
      text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    }
  }

  Reply answer(http::Request& request) {
    const auto match = router_.find(request.method, request.path);
    http::Response response;
    if (match.route == nullptr) {
      response.status = match.allow.empty() ? 404 : 405;
    } else {
      request.path_parameters = match.path_parameters;
      try {
        response = http::settled(match.route->handler(request));
      } catch (const base::Error& error) {
        response = http::problem(error, "test");
      }
    }
    Reply reply{response.status, response.headers, response.body, {}};
    if (!reply.text.empty()) reply.json = base::parse_json(reply.text);
    return reply;
  }

  base::TempFolder folder_;
  std::unique_ptr<Gate> gate_;
  http::Router router_;
};

}  // namespace annals::access
