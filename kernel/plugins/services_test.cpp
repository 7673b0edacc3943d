#include "kernel/plugins/services.hpp"

#include "kernel/plugins/testing.hpp"

#include <blockhost/svc/launch.h>
#include <blockhost/svc/log.h>
#include <blockhost/svc/secrets.h>
#include <blockhost/svc/signer.h>
#include <blockhost/svc/store.h>
#include <blockhost/svc/wake.h>
#include <sys/stat.h>
#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace bh;
using namespace bh::plugins;
using namespace bh::plugins::testing;

namespace {

Status put(const Services& services, const std::string& key, const Bytes& value) {
    const auto* store = service<bh_svc_store>(services, BH_SVC_STORE);
    const bh_str keys[] = {text(key)};
    const bh_bytes values[] = {bytes(value)};
    return run_verb("a", [&](bh_error* err) { return store->put(services.kernel(), keys, values, 1, err); });
}

}  // namespace

TEST_CASE("a wake names the instance, and needs no grant") {
    Log log;
    Store store;
    std::string woken;
    ServiceBackends backends{&log, &store};
    backends.wake = [&](const std::string& instance) { woken += instance; };
    const Services services{"a", {}, backends};
    service<bh_svc_wake>(services, BH_SVC_WAKE)->poll_now(services.kernel());
    CHECK(woken == "a");
}

TEST_CASE("only granted services are there; log, store and wake always") {
    Log log;
    Store store;
    Signer signer;
    const Services plain{"a", {}, {&log, &store, &signer, nullptr}};
    CHECK(service<void>(plain, BH_SVC_LOG) != nullptr);
    CHECK(service<void>(plain, BH_SVC_STORE) != nullptr);
    CHECK(service<void>(plain, BH_SVC_SIGNER) == nullptr);
    CHECK(service<void>(plain, BH_SVC_SECRETS) == nullptr);
    const Services granted{"a", {{BH_SVC_SIGNER, BH_SVC_LAUNCH}, {}, {}}, {&log, &store, &signer, nullptr}};
    CHECK(service<void>(granted, BH_SVC_SIGNER) != nullptr);
    CHECK(service<void>(granted, BH_SVC_LAUNCH) == nullptr);
    CHECK(service<void>(granted, "bh.svc.root/1") == nullptr);
    const auto* write = service<bh_svc_log>(plain, BH_SVC_LOG);
    CHECK(write->min_level == BH_LOG_INFO);
    write->write(plain.kernel(), BH_LOG_WARN, text(""), text("hello"));
    CHECK(log.last == "a: hello");
}

TEST_CASE("each instance has a store of its own, with named keys") {
    Log log;
    Store store;
    const Services a{"a", {}, {&log, &store, nullptr, nullptr}};
    const Services b{"b", {}, {&log, &store, nullptr, nullptr}};
    REQUIRE(put(a, "x/1", {1}));
    REQUIRE(put(a, "x/2", {2}));
    const auto* vtable = service<bh_svc_store>(b, BH_SVC_STORE);
    const auto foreign =
        read_verb("b", [&](bh_sink out, bh_error* err) { return vtable->get(b.kernel(), text("x/1"), out, err); });
    REQUIRE_FALSE(foreign);
    CHECK(foreign.failure().code == BH_E_NOT_FOUND);
    CHECK(read_verb("a", [&](bh_sink out, bh_error* err) {
              return vtable->list(a.kernel(), text("x/"), text(""), out, err);
          }).value() == R"({"keys":["x/1","x/2"],"next":""})");
    CHECK(put(a, "Bad Key", {1}).failure().reason == "bad_key");
    CHECK(put(a, std::string(129, 'k'), {1}).failure().reason == "bad_key");
    const bh_str twice[] = {text("k"), text("k")};
    const bh_bytes values[] = {{nullptr, 0}, {nullptr, 0}};
    CHECK(
        run_verb("a", [&](bh_error* err) { return vtable->put(a.kernel(), twice, values, 2, err); }).failure().reason ==
        "key_twice");
}

TEST_CASE("the signer is asked only for granted keys, in the instance's name, and unseals for no plugin") {
    Log log;
    Store store;
    Signer signer;
    const Services services{"local", {{BH_SVC_SIGNER}, {"agent"}, {}}, {&log, &store, &signer, nullptr}};
    const auto* vtable = service<bh_svc_signer>(services, BH_SVC_SIGNER);
    const auto sign = [&](const char* key) {
        return read_verb("a", [&](bh_sink out, bh_error* err) {
            return vtable->sign(services.kernel(), key, "eip1559-tx", {nullptr, 0}, out, err);
        });
    };
    CHECK(sign("agent"));
    CHECK(signer.last == "local/agent/eip1559-tx");
    log.last.clear();
    CHECK(sign("statement").failure().code == BH_E_DENIED);
    CHECK(log.last ==
          R"(local: was refused "signer.sign" (not_granted): the key "statement" is not granted to instance local)");
    const auto unseal = read_verb("a", [&](bh_sink out, bh_error* err) {
        return vtable->unseal(services.kernel(), "server", "seal-2-request", {nullptr, 0}, {nullptr, 0}, out, err);
    });
    CHECK(unseal.failure().code == BH_E_DENIED);
}

TEST_CASE("a secret is lent only from a private file, and only if granted") {
    Log log;
    Store store;
    char pattern[] = "/tmp/bh-services-XXXXXX";
    const std::string directory = ::mkdtemp(pattern);
    const std::string file = directory + "/token";
    std::ofstream{file} << "canary";
    REQUIRE(::chmod(file.c_str(), 0600) == 0);
    const Services services{"a", {{BH_SVC_SECRETS}, {}, {{"token", file}}}, {&log, &store, nullptr, nullptr}};
    const auto* vtable = service<bh_svc_secrets>(services, BH_SVC_SECRETS);
    std::string seen;
    const auto use = [](void* user, bh_bytes secret) noexcept -> bh_status {
        static_cast<std::string*>(user)->assign(reinterpret_cast<const char*>(secret.ptr), secret.len);
        return BH_OK;
    };
    const auto with = [&](const char* name) {
        return run_verb("a", [&](bh_error* err) { return vtable->with(services.kernel(), name, use, &seen, err); });
    };
    CHECK(with("token"));
    CHECK(seen == "canary");
    CHECK(with("other").failure().reason == "not_granted");
    // What a plugin does with it does not come back in words, and nothing keeps it.
    const auto fail = [](void*, bh_bytes) noexcept -> bh_status { return BH_E_UNAVAILABLE; };
    const auto failed =
        run_verb("a", [&](bh_error* err) { return vtable->with(services.kernel(), "token", fail, nullptr, err); });
    CHECK(failed.failure().code == BH_E_UNAVAILABLE);
    CHECK(failed.failure().message.find("canary") == std::string::npos);
    CHECK(log.last.find("canary") == std::string::npos);
    CHECK(store.rows.empty());
    std::filesystem::create_symlink(file, directory + "/link");
    const Services linked{"a", {{BH_SVC_SECRETS}, {}, {{"token", directory + "/link"}}}, {&log, &store}};
    CHECK(run_verb("a", [&](bh_error* err) { return vtable->with(linked.kernel(), "token", use, &seen, err); })
              .failure()
              .reason == "secret_file");
    REQUIRE(::chmod(file.c_str(), 0640) == 0);
    CHECK(with("token").failure().reason == "secret_file");
    std::filesystem::remove(file);
    CHECK(with("token").failure().reason == "secret_file");
    std::filesystem::remove_all(directory);
}
