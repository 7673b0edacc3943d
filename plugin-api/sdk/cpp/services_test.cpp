// The typed services over a kernel that grants all of them.
#include "plugin-api/sdk/cpp/plugin.hpp"

#include <catch2/catch_test_macros.hpp>

#include <map>

using namespace bh;
using namespace bh::sdk;

namespace {

struct Host {
    std::map<std::string, std::string> store;
    std::string log, unit_spec;
    int wakes = 0;
    bh_kernel kernel{sizeof(bh_kernel), 0, this, {"inst", 4}, service};

    static Host& of(const bh_kernel* kernel) noexcept { return *static_cast<Host*>(kernel->ctx); }
    static bh_status put(bh_sink out, std::string_view text) noexcept {
        return out.write(out.ctx, text.data(), text.size());
    }

    static void log_write(const bh_kernel* k, std::uint32_t, bh_str, bh_str message) noexcept {
        of(k).log += view(message);
    }
    static bh_status store_get(const bh_kernel* k, bh_str key, bh_sink value, bh_error* err) noexcept {
        const auto found = of(k).store.find(std::string{view(key)});
        if (found == of(k).store.end()) return report(err, BH_E_NOT_FOUND, "no_key", "no such key");
        return put(value, found->second);
    }
    static bh_status store_put(const bh_kernel* k, const bh_str* keys, const bh_bytes* values, std::uint32_t count,
                               bh_error*) noexcept {
        for (std::uint32_t i = 0; i < count; ++i) {
            const Bytes value = bytes(values[i]);
            if (value.empty()) {
                of(k).store.erase(std::string{view(keys[i])});
            } else {
                of(k).store[std::string{view(keys[i])}].assign(value.begin(), value.end());
            }
        }
        return BH_OK;
    }
    static bh_status store_list(const bh_kernel* k, bh_str prefix, bh_str, bh_sink out, bh_error*) noexcept {
        KeyPage page;
        for (const auto& [key, value] : of(k).store)
            if (key.starts_with(view(prefix))) page.keys.push_back(key);
        return put(out, to_json(page));
    }
    static bh_status secret_with(const bh_kernel*, const char* name, bh_status (*use)(void*, bh_bytes) noexcept,
                                 void* user, bh_error* err) noexcept {
        if (std::string_view{name} != "token") return report(err, BH_E_DENIED, "not_granted", "no");
        const bh_status status = use(user, raw(std::string_view{"s3cret"}));
        return status == BH_OK ? BH_OK : report(err, status, "use", "the loan failed");
    }
    static bh_status sign(const bh_kernel*, const char* key, const char* scheme, bh_bytes payload, bh_sink out,
                          bh_error*) noexcept {
        return put(out, std::string{key} + scheme + std::to_string(payload.len));
    }
    static bh_status public_key(const bh_kernel*, const char*, bh_sink out, bh_error*) noexcept {
        return put(out, "K");
    }
    static bh_status unseal(const bh_kernel*, const char*, const char*, bh_bytes, bh_bytes, bh_sink plaintext,
                            bh_error*) noexcept {
        return put(plaintext, "opened");
    }
    static bh_status start(const bh_kernel* k, bh_str unit, bh_str spec, const std::int32_t* fds, std::uint32_t count,
                           bh_sink out, bh_error*) noexcept {
        of(k).unit_spec = view(spec);
        Unit made;
        made.unit = view(unit);
        made.state = "running";
        made.uid = count == 2 ? static_cast<std::uint32_t>(fds[0] + fds[1]) : 0;
        return put(out, to_json(made));
    }
    static bh_status unit_status(const bh_kernel*, bh_str, bh_sink, bh_error* err) noexcept {
        return report(err, BH_E_NOT_FOUND, "no_unit", "never started");
    }
    static bh_status unit_signal(const bh_kernel*, bh_str, std::int32_t number, bh_error* err) noexcept {
        return number == 9 ? bh_status{BH_OK} : report(err, BH_E_INVALID, "signal", "no");
    }
    static bh_status unit_list(const bh_kernel*, bh_str, bh_sink out, bh_error*) noexcept { return put(out, "{}"); }
    static bh_status run(const bh_kernel*, bh_str, std::uint64_t deadline, bh_sink out, bh_error*) noexcept {
        return put(out, to_json(RunResult{static_cast<int>(deadline), {1}, {}}));
    }
    static bh_status tcp(const bh_kernel*, bh_str, std::uint16_t port, std::uint64_t, std::int32_t* fd,
                         bh_error*) noexcept {
        *fd = port;
        return BH_OK;
    }
    static void poll_now(const bh_kernel* k) noexcept { ++of(k).wakes; }
    static const void* service(const bh_kernel*, const char* id) noexcept {
        static constexpr bh_svc_log kLog{sizeof(bh_svc_log), BH_LOG_INFO, log_write};
        static constexpr bh_svc_store kStore{sizeof(bh_svc_store), 0, store_get, store_put, store_list};
        static constexpr bh_svc_secrets kSecrets{sizeof(bh_svc_secrets), 0, secret_with};
        static constexpr bh_svc_signer kSigner{sizeof(bh_svc_signer), 0, sign, public_key, unseal};
        static constexpr bh_svc_launch kLaunch{sizeof(bh_svc_launch), 0,         start, unit_status,
                                               unit_signal,           unit_list, run};
        static constexpr bh_svc_connect kConnect{sizeof(bh_svc_connect), 0, tcp};
        static constexpr bh_svc_wake kWake{sizeof(bh_svc_wake), 0, poll_now};
        const std::string_view wanted{id};
        if (wanted == BH_SVC_LOG) return &kLog;
        if (wanted == BH_SVC_STORE) return &kStore;
        if (wanted == BH_SVC_SECRETS) return &kSecrets;
        if (wanted == BH_SVC_SIGNER) return &kSigner;
        if (wanted == BH_SVC_LAUNCH) return &kLaunch;
        if (wanted == BH_SVC_CONNECT) return &kConnect;
        if (wanted == BH_SVC_WAKE) return &kWake;
        return nullptr;
    }
};

}  // namespace

TEST_CASE("the log takes what is at its level") {
    Host host;
    const Kernel kernel{host.kernel};
    kernel.log().write(BH_LOG_DEBUG, "quiet");
    kernel.log().info("loud");
    CHECK(host.log == "loud");
}

TEST_CASE("the store keeps, lists and removes") {
    Host host;
    const Store store = Kernel{host.kernel}.store();
    REQUIRE(store.put({{"a/1", {1}}, {"a/2", {2}}, {"b", {3}}}));
    CHECK(*store.get("a/2") == Bytes{2});
    CHECK(store.list("a/")->keys == std::vector<std::string>{"a/1", "a/2"});
    REQUIRE(store.remove("a/2"));
    CHECK(store.get("a/2").failure().code == BH_E_NOT_FOUND);
}

TEST_CASE("a secret is lent, and the borrower's failure comes back as it was") {
    Host host;
    const Secrets secrets = Kernel{host.kernel}.secrets();
    std::size_t size = 0;
    REQUIRE(secrets.with("token", [&](std::string_view secret) {
        size = secret.size();
        return Status{};
    }));
    CHECK(size == 6);
    const Status refused =
        secrets.with("token", [](std::string_view) -> Status { return invalid("login", "refused"); });
    CHECK(refused.failure().message == "refused");
    const Status thrown = secrets.with("token", [](std::string_view) -> Status { throw std::bad_alloc{}; });
    CHECK(thrown.failure().code == BH_E_INTERNAL);
    CHECK(secrets.with("other", [](std::string_view) { return Status{}; }).failure().code == BH_E_DENIED);
}

TEST_CASE("the signer signs and lends what it opened") {
    Host host;
    const Signer signer = Kernel{host.kernel}.signer();
    const auto signature = signer.sign("agent", "eip191", {1, 2, 3});
    REQUIRE(signature);
    CHECK(std::string(signature->begin(), signature->end()) == "agenteip1913");
    CHECK(*signer.public_key("agent") == Bytes{'K'});
    std::string seen;
    REQUIRE(signer.unseal("server", "seal-2-request", {1}, {}, [&](std::string_view plaintext) {
        seen = plaintext;
        return Status{};
    }));
    CHECK(seen == "opened");
}

TEST_CASE("units are started with their spec and descriptors") {
    Host host;
    const Launch launch = Kernel{host.kernel}.launch();
    UnitSpec spec;
    spec.program = "machine";
    const auto unit = launch.start("op-1", spec, {3, 4});
    REQUIRE(unit);
    CHECK(unit->unit == "op-1");
    CHECK(unit->uid == 7);
    CHECK(*parse_unit_spec(host.unit_spec) == spec);
    CHECK(launch.status("op-1").failure().code == BH_E_NOT_FOUND);
    CHECK(launch.signal("op-1", 9));
    CHECK(launch.signal("op-1", 1).failure().code == BH_E_INVALID);
    CHECK(launch.run({"lvcreate", {}, {}}, 5)->exit_code == 5);
}

TEST_CASE("a kernel's document that does not parse is refused") {
    Host host;
    CHECK(Kernel{host.kernel}.launch().list().failure().message == "/units: is missing");
}

TEST_CASE("a connection is the caller's descriptor") {
    Host host;
    CHECK(*Kernel{host.kernel}.connect().tcp("h", 443, 0) == 443);
}

TEST_CASE("a wake reaches the kernel, and is nothing without the service") {
    Host host;
    Kernel{host.kernel}.wake().poll_now();
    CHECK(host.wakes == 1);
    host.kernel.service = [](const bh_kernel*, const char*) noexcept -> const void* { return nullptr; };
    Kernel{host.kernel}.wake().poll_now();
    CHECK(host.wakes == 1);
}
