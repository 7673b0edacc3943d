#include "kernel/api/operator_views.hpp"
#include "kernel/api/server.hpp"
#include "kernel/api/views.hpp"
#include "kernel/journal/events.hpp"
#include "kernel/journal/subscriptions.hpp"

#include <httplib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <filesystem>

using namespace bh;
using nlohmann::json;

namespace {

class Directory {
public:
    Directory() {
        char pattern[] = "/tmp/bh-api-XXXXXX";
        path_ = ::mkdtemp(pattern);
    }
    ~Directory() { std::filesystem::remove_all(path_); }
    [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

json get(const std::string& socket, const std::string& path, int status) {
    httplib::Client client{socket};
    client.set_address_family(AF_UNIX);
    const auto response = client.Get(path);
    REQUIRE(response);
    CHECK(response->status == status);
    return json::parse(response->body);
}

}  // namespace

TEST_CASE("routes answer with JSON, and a failure with its code, reason and sentence") {
    const Directory directory;
    std::vector<api::Route> routes;
    routes.push_back({"GET", "/v1/things/([0-9]+)", [](const api::Query& query) -> Result<json> {
                          const auto limit = query.number("limit", 10, 1, 100);
                          if (!limit) return limit.failure();
                          return json{{"id", query.path.at(0)}, {"limit", *limit}};
                      }});
    routes.push_back({"GET", "/v1/nothing",
                      [](const api::Query&) -> Result<json> { return Failure{BH_E_NOT_FOUND, "gone", "it is gone"}; }});
    const auto server = api::Server::start(directory.file("s"), 0660, ::getgid(), std::move(routes));
    REQUIRE(server);
    CHECK(get(directory.file("s"), "/v1/things/7?limit=3", 200) == json{{"id", "7"}, {"limit", 3}});
    CHECK(get(directory.file("s"), "/v1/things/7?limit=no", 400)["error"]["message"] ==
          "\"limit\" must be a whole number from 1 to 100");
    CHECK(get(directory.file("s"), "/v1/nothing", 404)["error"]["reason"] == "gone");
    CHECK(get(directory.file("s"), "/v1/other", 404)["error"]["reason"] == "no_route");
    struct stat info{};
    REQUIRE(::stat(directory.file("s").c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0660);
}

TEST_CASE("a socket that can't be made is named") {
    const auto server = api::Server::start("/nonexistent/dir/s", 0660, ::getgid(), {});
    REQUIRE_FALSE(server);
    CHECK(server.failure().message.find("/nonexistent/dir/s") != std::string::npos);
}

TEST_CASE("a subscription is shown with its timeline, and an unknown one is not found") {
    const Directory directory;
    auto journal = life::Journal::open(directory.file("j.db"), [] { return std::int64_t{1000}; });
    REQUIRE(journal);
    life::SubscriptionRow row;
    row.instance = "local";
    row.chain = "eip155:31337";
    row.id = "7";
    row.tx = "0xaa";
    REQUIRE((*journal)->write([&](life::Tx& tx) -> Status {
        life::CursorRow cursor;
        cursor.instance = "local";
        life::save_cursor(tx, cursor);
        life::add_subscription(tx, row);
        life::mark_stage(tx, row.row, "mined", 500);
        return {};
    }));
    const auto shown = api::subscription_view(**journal, "", "7");
    REQUIRE(shown);
    CHECK((*shown)["state"] == "purchased");
    CHECK((*shown)["timeline"] == json::array({{{"stage", "mined"}, {"at_ms", 500}}}));
    CHECK((*shown)["vm"] == nullptr);
    CHECK(api::subscription_view(**journal, "", "8").failure().code == BH_E_NOT_FOUND);
    CHECK((*api::status_view(**journal))["subscriptions"]["purchased"] == 1);
    CHECK((*api::subscriptions_view(**journal, "", 0, 10))["subscriptions"].size() == 1);
    CHECK((*api::events_view(**journal, 0, 10))["events"].empty());
}

TEST_CASE("a chain's endpoints are shown with what they were caught at") {
    ChainDescription description;
    description.chain = "test:1";
    description.agree = 2;
    ChainEndpoint liar;
    liar.name = "https://node.example";
    liar.state = "distrusted";
    liar.votes = true;
    liar.head = {"0xb1", 17};
    liar.errors = 3;
    liar.caught = {{"omitted_log", 2, {1'700'000'000}, 16}};
    liar.heads = ChainEndpoint::Heads{"subscribed", 5, 17, {1'700'000'000}, 1, "it hung up"};
    description.endpoints = {liar, ChainEndpoint{}};
    const json shown = api::chain_view("main", Failure{BH_E_UNAVAILABLE, "x", "no two agree"}, description);
    CHECK(shown.at("instance") == "main");
    CHECK(shown.at("health") == "no two agree");
    CHECK(shown.at("agree") == 2);
    const json& first = shown.at("endpoints").at(0);
    CHECK(first.at("name") == "https://node.example");
    CHECK(first.at("head") == 17);
    CHECK(first.at("errors") == 3);
    CHECK(first.at("caught") ==
          json::array({{{"what", "omitted_log"}, {"count", 2}, {"last_at", "2023-11-14T22:13:20Z"}, {"height", 16}}}));
    CHECK(first.at("heads") == json{{"state", "subscribed"},
                                    {"told", 5},
                                    {"height", 17},
                                    {"last_at", "2023-11-14T22:13:20Z"},
                                    {"ends", 1},
                                    {"last_error", "it hung up"}});
    CHECK(shown.at("endpoints").at(1).at("heads").is_null());
    CHECK(shown.at("endpoints").at(1).at("head").is_null());
    CHECK(shown.at("endpoints").at(1).at("last_error_at").is_null());
    CHECK(api::chain_view("main", {}, {}).at("health") == "ok");
}

TEST_CASE("a check of the audit log names the broken row, and says whether its anchors were read") {
    life::AuditReport report;
    report.journal = std::string(32, 'a'), report.check.rows = 4, report.check.head = "ff";
    CHECK(api::audit_check_view(report)["whole"] == true);
    CHECK(api::audit_check_view(report)["broken_row"] == nullptr);
    CHECK(api::audit_check_view(report)["anchors_unread"] == nullptr);
    report.check.broken = 5, report.check.why = "it is missing", report.unread = "the signer is away";
    report.other = life::AuditAnchor{std::string(32, 'b'), 9, "ee", {1'800'000'000}};
    const json shown = api::audit_check_view(report);
    CHECK(shown["whole"] == false);
    CHECK(shown["broken_row"] == 5);
    CHECK(shown["anchors_unread"] == "the signer is away");
    CHECK(shown["other_journal"]["row"] == 9);
    CHECK(shown["other_journal"]["time"] == "2027-01-15T08:00:00Z");
}

TEST_CASE("what would be taken away is shown with the guard's own answer; a held one has no step") {
    life::GcReport report;
    report.policy = {3, 600'000};
    life::Foresight row;
    row.row.id = "7", row.row.state = life::State::suspended, row.step = life::Step::close;
    row.verdict = life::Verdict::counting, row.guard = life::Guard::close_due, row.holds = true, row.looks = 2;
    row.when_ms = 5;
    report.rows.push_back(row);
    row.row.state = life::State::held, row.step = life::Step::none, row.when_ms = 0, row.when = {1'800'000'000};
    report.rows.push_back(row);
    report.orphan_vms.push_back({"0123", 0, "hv", "vm-1", "bh-9", "", "", "", "", "", 0});
    const json shown = api::gc_view(report);
    CHECK(shown["rows"][0]["step"] == "close");
    CHECK(shown["rows"][0]["when_ms"] == 5);
    CHECK(shown["rows"][0]["when"] == nullptr);
    CHECK(shown["rows"][0]["guard"] ==
          json{{"condition", "close_due"}, {"holds", true}, {"looks", 2}, {"looks_wanted", 3}, {"span_ms", 600'000}});
    CHECK(shown["rows"][1]["step"] == nullptr);
    CHECK(shown["rows"][1]["when"] == "2027-01-15T08:00:00Z");
    CHECK(shown["orphans"][0]["name"] == "bh-9");
    CHECK(shown["more"] == false);
}
