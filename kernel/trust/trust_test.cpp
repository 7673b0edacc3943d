// What the daemon lets in, and each way in which a plugin or its record can be bad.
#include "kernel/trust/trust.hpp"

#include "kernel/trust/testing.hpp"
#include "plugin-api/host/loader.hpp"

using namespace bh::trust;
using namespace bh::trust::testing;

namespace {

// The loading step behind admit(), for what only it can see.
bh::Status load(const House& house, const Record& record) {
    bh::host::LoadRequest request;
    request.directory = house.home();
    request.id = kId;
    request.sha256 = record.sha256;
    request.manifest_sha256 = record.manifest_sha256;
    request.kernel_version = "1.0.0";
    const auto loaded = bh::host::load(request);
    return loaded ? bh::Status{} : bh::Status{loaded.failure()};
}

}  // namespace

TEST_CASE("a signed plugin is enabled, admitted and loaded") {
    const House house;
    const Publisher acme;
    house.trust_key("acme@example.org", acme);
    house.put_signature(acme.sign(house.manifest()));
    house.enable();
    const auto record = house.trust().admit(kId);
    REQUIRE(record);
    CHECK(record->basis == Basis::signed_by_publisher);
    CHECK(record->publisher == "acme@example.org");
    CHECK(standing_warning(*record).empty());
    CHECK(record->asks.at("programs") == std::vector<std::string>{"ls -l /.+ (tool)"});
    CHECK(load(house, *record));
}

TEST_CASE("what is not enabled is not admitted, and no more after it was disabled") {
    const House house;
    CHECK_THAT(house.refusal("not_enabled", "record", house.record_file()),
               ContainsSubstring(std::string{"`blockhost plugin enable "} + kId + "`"));
    house.enable();
    REQUIRE(house.trust().admit(kId));
    REQUIRE(house.trust().disable(kId));
    (void)house.refusal("not_enabled", "record", house.record_file());
    CHECK(house.trust().disable(kId).failure().code == BH_E_NOT_FOUND);
}

TEST_CASE("an unsigned plugin stands under a warning, one of BlockHost's package does not") {
    const House house;
    house.enable();
    const auto plain = house.trust().admit(kId);
    REQUIRE(plain);
    CHECK(plain->basis == Basis::unsigned_file);
    CHECK_THAT(standing_warning(*plain), ContainsSubstring(kId) && ContainsSubstring("not signed"));
    house.came_with_the_package();
    house.enable();
    const auto packaged = house.trust().admit(kId);
    REQUIRE(packaged);
    CHECK(packaged->basis == Basis::packaged);
    CHECK(standing_warning(*packaged).empty());
    // Another release is not what the package brought.
    house.install(bh::host::test::fixture("good"), {{"version", "2.0.0"}});
    CHECK(house.trust().look(kId)->record.basis == Basis::unsigned_file);
    // Sums that others can write say nothing.
    house.came_with_the_package();
    REQUIRE(::chmod(house.path("plugins/SHA256SUMS").c_str(), 0666) == 0);
    CHECK_THAT(house.refused_look("not_private"), ContainsSubstring("SHA256SUMS"));
}

TEST_CASE("a file swapped or rewritten in place after enabling is not loaded") {
    const House house;
    house.enable();
    const auto record = house.trust().admit(kId);
    REQUIRE(record);
    const auto refuses = [&](const std::string& with) {
        const auto loaded = load(house, *record);
        REQUIRE_FALSE(loaded);
        CHECK(loaded.failure().reason == "wrong_hash");
        CHECK_THAT(loaded.failure().message, ContainsSubstring("step hash, " + house.home() + "/plugin.so") &&
                                                 ContainsSubstring("install it again") && ContainsSubstring(with));
    };
    // In place, under the same inode.
    std::fstream{house.home() + "/plugin.so", std::ios::in | std::ios::out | std::ios::ate} << "x";
    refuses(record->sha256);
    // Swapped for a good one of another publisher, whose manifest came with it.
    const std::string other = bh::host::test::fixture("stripped");
    house.install(other);
    const auto loaded = load(house, *record);
    REQUIRE_FALSE(loaded);
    CHECK_THAT(loaded.failure().message, ContainsSubstring("step manifest"));
    (void)house.refusal("wrong_hash", "manifest", house.home() + "/plugin.json");
}

TEST_CASE("a manifest changed after enabling is refused with the remedy") {
    const House house;
    house.enable();
    house.install(bh::host::test::fixture("good"), {{"services", {"bh.svc.store/1", "bh.svc.signer/1"}}});
    CHECK_THAT(house.refusal("wrong_hash", "manifest", house.home() + "/plugin.json"),
               ContainsSubstring("shows what changed, else install it again"));
    const auto before = house.trust().record(kId);
    const auto now = house.trust().look(kId);
    REQUIRE(before);
    REQUIRE(now);
    const auto all = changes((*before)->asks, now->record.asks);
    REQUIRE(all.size() == 1);
    CHECK(all[0].text == "bh.svc.signer/1");
    house.enable();
    CHECK(house.trust().admit(kId));
}

TEST_CASE("a signature that is bad is refused at enabling, also where none would do") {
    const House house;
    const Publisher acme, mallory;
    house.trust_key("acme@example.org", acme);
    const std::string good = acme.sign(house.manifest());
    house.came_with_the_package();
    const std::pair<std::string, const char*> wrong[] = {{mallory.sign(house.manifest()), "untrusted_key"},
                                                         {acme.sign(house.manifest() + " "), "bad_signature"},
                                                         {acme.sign(house.manifest(), "git"), "bad_signature"},
                                                         {good.substr(0, good.size() / 2), "bad_signature"},
                                                         {"", "bad_signature"},
                                                         {std::string(20000, 'x'), "bad_signature"}};
    for (const auto& [signature, reason] : wrong) {
        house.put_signature(signature);
        CHECK_THAT(house.refused_look(reason),
                   ContainsSubstring("step signature, " + house.home() + "/plugin.json.sig"));
    }
    house.put_signature(good);
    CHECK(house.trust().look(kId)->record.basis == Basis::signed_by_publisher);
}

TEST_CASE("a key revoked, no longer trusted or changed after enabling is refused at the next start") {
    const House house;
    const Publisher acme, other;
    house.trust_key("acme@example.org", acme);
    house.put_signature(acme.sign(house.manifest()));
    house.enable();
    const std::string file = house.home() + "/plugin.json.sig";
    house.write_private_file("trust/revoked_keys", acme.public_key);
    CHECK_THAT(house.refusal("revoked_key", "signature", file), ContainsSubstring("acme@example.org"));
    std::filesystem::remove(house.path("trust/revoked_keys"));
    REQUIRE(house.trust().admit(kId));
    std::filesystem::remove(house.path("trust/acme@example.org.signers"));
    (void)house.refusal("untrusted_key", "signature", file);
    house.trust_key("acme@example.org", acme);
    house.trust_key("other@example.org", other);
    house.put_signature(other.sign(house.manifest()));
    (void)house.refusal("other_signer", "signature", file);
    std::filesystem::remove(file);
    CHECK_THAT(house.refusal("other_signer", "signature", file), ContainsSubstring("now it is unsigned"));
}

TEST_CASE("keys that others can write are nobody's word") {
    const House house;
    const Publisher acme;
    house.trust_key("acme@example.org", acme);
    house.put_signature(acme.sign(house.manifest()));
    REQUIRE(::chmod(house.path("trust/acme@example.org.signers").c_str(), 0666) == 0);
    CHECK_THAT(house.refused_look("not_private"), ContainsSubstring("acme@example.org.signers"));
    REQUIRE(::chmod(house.path("trust/acme@example.org.signers").c_str(), 0644) == 0);
    house.write_private_file("trust/revoked_keys", "garbage\n");
    (void)house.refused_look("bad_revocations");
}

TEST_CASE("a manifest that lies about its file or itself is refused at enabling") {
    const House house;
    const std::string library = bh::host::test::fixture("good");
    house.install(library, {{"sha256", std::string(64, 'a')}});
    CHECK_THAT(house.refused_look("wrong_hash"), ContainsSubstring("step hash"));
    house.install(library, {{"id", "org.example.other"}});
    CHECK_THAT(house.refused_look("wrong_id"), ContainsSubstring("org.example.other"));
    house.install(bh::host::test::fixture("two-symbols"));
    CHECK_THAT(house.refused_look("exports_too_much"), ContainsSubstring("step symbols"));
    house.install(library, {{"services", std::vector<std::string>(1000, "bh.svc.log/1")}});
    CHECK_THAT(house.refused_look("too_much"), ContainsSubstring("services"));
    // What it offers shows only when it runs: then it is refused before any verb.
    house.install(bh::host::test::fixture("no-interface"));
    house.enable();
    const auto loaded = load(house, *house.trust().admit(kId));
    REQUIRE_FALSE(loaded);
    CHECK(loaded.failure().reason == "missing_interface");
}

TEST_CASE("a record that is damaged, of another plugin or not the owner's admits nothing") {
    const House house;
    house.enable();
    const std::string file = house.record_file(), good = read_file(file);
    house.write_private_file(std::string{"plugins.d/"} + kId + ".json", "{}");
    (void)house.refusal("bad_record", "record", file);
    json other = json::parse(good);
    other["id"] = "org.example.other";
    house.write_private_file(std::string{"plugins.d/"} + kId + ".json", other.dump());
    CHECK_THAT(house.refusal("bad_record", "record", file), ContainsSubstring("org.example.other"));
    house.write_private_file(std::string{"plugins.d/"} + kId + ".json", good);
    REQUIRE(::chmod(file.c_str(), 0666) == 0);
    (void)house.refusal("not_private", "record", file);
    REQUIRE(::chmod(file.c_str(), 0644) == 0);
    if (::geteuid() == 0) {
        REQUIRE(::chown(file.c_str(), 48101, 48101) == 0);
        CHECK_THAT(house.refusal("not_private", "record", file), ContainsSubstring("chown root"));
        REQUIRE(::chown(file.c_str(), 0, 0) == 0);
    }
    CHECK(house.trust().admit(kId));
    // Disabling helps also where the record can't be read.
    house.write_private_file(std::string{"plugins.d/"} + kId + ".json", "garbage");
    REQUIRE(house.trust().disable(kId));
    (void)house.refusal("not_enabled", "record", file);
}

TEST_CASE("ids with path characters reach no file") {
    const House house;
    for (const char* id : {"../plugins.d/x", "org.blockhost.fixture/../x", "/etc/passwd", "", "."}) {
        CHECK(house.trust().look(id).failure().reason == "bad_id");
        CHECK(house.trust().admit(id).failure().reason == "bad_id");
        CHECK(house.trust().record(id).failure().reason == "bad_id");
        CHECK(house.trust().disable(id).failure().reason == "bad_id");
        Record record;
        record.id = id;
        CHECK(house.trust().enable(record).failure().reason == "bad_id");
    }
}

TEST_CASE("what is installed and what is enabled are listed in order") {
    const House house;
    std::filesystem::create_directory(house.path("plugins/Not.An.Id"));
    std::filesystem::create_directory(house.path("plugins/org.example.empty"));
    CHECK(*house.trust().installed() == std::vector<std::string>{kId});
    CHECK(house.trust().enabled()->empty());
    house.enable();
    house.write_private_file("plugins.d/storage.yaml", "");
    CHECK(*house.trust().enabled() == std::vector<std::string>{kId});
    CHECK(house.trust().look("org.example.absent").failure().code == BH_E_NOT_FOUND);
}
