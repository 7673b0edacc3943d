#include "kernel/trust/record.hpp"

#include "kernel/trust/root_file.hpp"
#include "kernel/trust/testing.hpp"

using namespace bh::trust;
using namespace bh::trust::testing;

namespace {

json good() {
    return {{"record", 1},
            {"id", "org.example.thing"},
            {"version", "1.2.3"},
            {"manifest_sha256", std::string(64, 'a')},
            {"sha256", std::string(64, 'b')},
            {"basis", "signed"},
            {"publisher", "acme@example.org"},
            {"key", "SHA256:x"},
            {"enabled_at", "2026-11-30T12:00:00Z"},
            {"asks", {{"services", {"bh.svc.log/1"}}}}};
}

std::string why(const json& record) {
    const auto parsed = parse_record(record.dump(), "F");
    REQUIRE_FALSE(parsed);
    CHECK(parsed.failure().reason == "bad_record");
    CHECK_THAT(parsed.failure().message,
               ContainsSubstring("F: ") && ContainsSubstring("`blockhost plugin enable` writes it anew"));
    return parsed.failure().message;
}

}  // namespace

TEST_CASE("a record is read as it was written") {
    const auto record = parse_record(good().dump(), "F");
    REQUIRE(record);
    CHECK(record->basis == Basis::signed_by_publisher);
    CHECK(record->asks.at("services") == std::vector<std::string>{"bh.svc.log/1"});
    const auto again = parse_record(to_text(*record), "F");
    REQUIRE(again);
    CHECK(to_text(*again) == to_text(*record));
}

TEST_CASE("each key of a record is needed, and one that is unknown or of a wrong type is named") {
    const json all = good();
    for (const auto& [key, value] : all.items()) {
        CAPTURE(key);
        json less = good();
        less.erase(key);
        CHECK_THAT(why(less), ContainsSubstring("\"" + key + "\" is missing"));
        json wrong = good();
        wrong[key] = json::array({1.5});
        CHECK_THAT(why(wrong), ContainsSubstring("\"" + key + "\" must be"));
    }
    json more = good();
    more["trusted"] = true;
    CHECK_THAT(why(more), ContainsSubstring("\"trusted\" is not known"));
    json asks = good();
    asks["asks"]["root"] = {"yes"};
    CHECK_THAT(why(asks), ContainsSubstring("\"asks.root\" is not known"));
    asks = good();
    asks["asks"]["services"] = {1};
    CHECK_THAT(why(asks), ContainsSubstring("\"asks.services"));
}

TEST_CASE("values of a record that can't be right are named") {
    const std::pair<const char*, json> wrong[] = {
        {"record", 2},        {"id", "../../etc"}, {"manifest_sha256", "abc"}, {"sha256", std::string(64, 'G')},
        {"basis", "trusted"}, {"key", ""},         {"enabled_at", "yesterday"}};
    for (const auto& [key, value] : wrong) {
        CAPTURE(key);
        json record = good();
        record[key] = value;
        CHECK_THAT(why(record), ContainsSubstring(std::string{"\""} + key + "\" must be"));
    }
    CHECK_FALSE(parse_record("{\"record\": 1", "F"));
    CHECK_FALSE(parse_record("[]", "F"));
    CHECK_FALSE(parse_record(good().dump() + good().dump(), "F"));
}

TEST_CASE("an id is never a path") {
    for (const char* id : {"org.example.thing", "a.b", "org.example.a-b-1"}) CHECK(is_plugin_id(id));
    for (const char* id : {"", "a", "..", "../a.b", "a/b.c", "org.example.", ".org.example", "Org.example",
                           "org..example", "org.example.thing\n", "org.example/../../x", "org.example.th ing", "-a.b"})
        CHECK_FALSE(is_plugin_id(id));
    CHECK_FALSE(is_plugin_id("a." + std::string(200, 'b')));
}

TEST_CASE("what a new release asks for is compared with what the old one did") {
    const Asks before{{"services", {"a", "b"}}, {"threads", {"2"}}};
    const Asks after{{"services", {"b", "c"}}, {"keys", {"agent"}}, {"threads", {"2"}}};
    const auto all = changes(before, after);
    REQUIRE(all.size() == 3);
    CHECK((all[0].name == "services" && all[0].text == "a" && !all[0].added));
    CHECK((all[1].name == "services" && all[1].text == "c" && all[1].added));
    CHECK((all[2].name == "keys" && all[2].text == "agent" && all[2].added));
    CHECK(changes(after, after).empty());
}

TEST_CASE("what a manifest says can't steer the operator's terminal") {
    CHECK(printable("Volumes in a directory, für alle") == "Volumes in a directory, für alle");
    CHECK(printable("a\x1b[2Jb\nc\x7f") == "a?[2Jb?c?");
    CHECK(printable("a\xc2\x9b"
                    "b") == "a?b");
    CHECK(printable("none\xe2\x80\xae"
                    "xyz\xe2\x81\xa6") == "none?xyz?");
}

TEST_CASE("a file that others can write, that another owns, or that is a link does not count") {
    const House house;
    const auto owner = ::geteuid();
    const std::string path = house.path("trust/a");
    CHECK(read_private(path, owner).failure().code == BH_E_NOT_FOUND);
    house.write_private_file("trust/a", "text");
    REQUIRE(read_private(path, owner));
    CHECK(*read_private(path, owner) == "text");
    const auto refuses = [&](const char* with) {
        const auto text = read_private(path, owner);
        REQUIRE_FALSE(text);
        CHECK(text.failure().reason == "not_private");
        CHECK_THAT(text.failure().message, ContainsSubstring(with));
    };
    REQUIRE(::chmod(path.c_str(), 0664) == 0);
    refuses("`chmod go-w ");
    REQUIRE(::chmod(path.c_str(), 0644) == 0);
    REQUIRE(::chmod(house.path("trust").c_str(), 0777) == 0);
    refuses("`chmod go-w ");
    REQUIRE(::chmod(house.path("trust").c_str(), 0755) == 0);
    if (owner == 0) {
        REQUIRE(::chown(path.c_str(), 48101, 48101) == 0);
        refuses("`chown root ");
        REQUIRE(::chown(path.c_str(), 0, 0) == 0);
    }
    std::filesystem::rename(path, house.path("elsewhere"));
    std::filesystem::create_symlink(house.path("elsewhere"), path);
    refuses("is a link");
    std::filesystem::remove(path);
    house.write_private_file("trust/a", std::string(kMaxFileBytes + 1, 'a'));
    CHECK(read_private(path, owner).failure().code == BH_E_INVALID);
}

TEST_CASE("a record is whole or as it was, also after an attempt that was killed") {
    const House house;
    const std::string path = house.path("plugins.d/a.json");
    REQUIRE(write_private(path, "one"));
    write_file(path + ".new", "half of tw");
    REQUIRE(write_private(path, "two"));
    CHECK(*read_private(path, ::geteuid()) == "two");
    CHECK_FALSE(std::filesystem::exists(path + ".new"));
    REQUIRE(remove_private(path));
    REQUIRE(remove_private(path));
    CHECK(read_private(path, ::geteuid()).failure().code == BH_E_NOT_FOUND);
}
