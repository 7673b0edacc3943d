// The verbs, over a store in memory that outlives the instance as the kernel's does.
#include "plugins/ipv6-static/provider.hpp"

#include <catch2/catch_test_macros.hpp>

#include <map>

using namespace bh;
using namespace bh::ipv6_static;

namespace {

struct Host {
    std::map<std::string, std::string> store;
    std::uint32_t puts = 0;
    bool full = false;
    bh_svc_store table{sizeof(bh_svc_store), 0, get, put, list};
    bh_kernel kernel{sizeof(bh_kernel), 0, this, {"static", 6}, service};

    static Host& of(const bh_kernel* kernel) noexcept { return *static_cast<Host*>(kernel->ctx); }
    static const void* service(const bh_kernel* kernel, const char* id) noexcept {
        return std::string_view{id} == BH_SVC_STORE ? &of(kernel).table : nullptr;
    }
    static bh_status get(const bh_kernel* k, bh_str key, bh_sink value, bh_error* err) noexcept {
        const auto found = of(k).store.find(std::string{sdk::view(key)});
        if (found == of(k).store.end()) return sdk::report(err, BH_E_NOT_FOUND, "no_key", "no such key");
        return value.write(value.ctx, found->second.data(), found->second.size());
    }
    static bh_status put(const bh_kernel* k, const bh_str* keys, const bh_bytes* values, std::uint32_t count,
                         bh_error* err) noexcept {
        if (of(k).full) return sdk::report(err, BH_E_EXHAUSTED, "full", "the store is full");
        ++of(k).puts;
        for (std::uint32_t i = 0; i < count; ++i) {
            const std::string key{sdk::view(keys[i])};
            of(k).store.erase(key);
            if (values[i].len > 0) of(k).store[key].assign(reinterpret_cast<const char*>(values[i].ptr), values[i].len);
        }
        return BH_OK;
    }
    // One key per page, so that the callers must follow the pages.
    static bh_status list(const bh_kernel* k, bh_str prefix, bh_str page, bh_sink out, bh_error*) noexcept {
        KeyPage answer;
        for (const auto& [key, value] : of(k).store) {
            if (!key.starts_with(sdk::view(prefix)) || key <= sdk::view(page)) continue;
            if (!answer.keys.empty()) {
                answer.next = answer.keys.back();
                break;
            }
            answer.keys.push_back(key);
        }
        const std::string text = to_json(answer);
        return out.write(out.ctx, text.data(), text.size());
    }

    std::unique_ptr<Provider> provider(const std::string& prefix = "2001:db8:b10c::/64",
                                       const std::string& mode = "routed") {
        auto made = Provider::create(sdk::Kernel{kernel},
                                     R"({"prefix":")" + prefix + R"(","mode":")" + mode + R"(","reserved":[]})");
        REQUIRE(made);
        return std::move(*made);
    }
};

struct TestCall {
    std::string op_id;
    std::uint32_t reason = BH_CANCEL_NONE;
    bh_call raw{};

    explicit TestCall(std::string id, std::uint32_t why = BH_CANCEL_NONE) : op_id{std::move(id)}, reason{why} {
        raw.struct_size = sizeof raw;
        raw.attempt = 1;
        raw.op_id = {op_id.data(), op_id.size()};
        raw.cancel_fd = -1;
        raw.ctx = this;
        raw.cancelled = [](const bh_call* c) noexcept -> std::int32_t {
            return static_cast<TestCall*>(c->ctx)->reason != 0 ? 1 : 0;
        };
        raw.cancel_reason = [](const bh_call* c) noexcept { return static_cast<TestCall*>(c->ctx)->reason; };
        raw.progress = [](const bh_call*, std::uint32_t, bh_str) noexcept {};
        raw.save = [](const bh_call*, bh_bytes, bh_error*) noexcept -> bh_status { return BH_OK; };
    }
    operator sdk::Call() const { return sdk::Call{raw}; }  // NOLINT: implicit on purpose
};

DelegationRequest request(std::uint32_t length = 0) {
    DelegationRequest made;
    made.prefix_length = length;
    made.tags.subject = "host";
    return made;
}

template <class T>
bh_status code(const Result<T>& result) {
    return result ? bh_status{BH_OK} : result.failure().code;
}

}  // namespace

TEST_CASE("the whole prefix is delegated, tagged with who asked") {
    Host host;
    auto delegation = host.provider("2001:db8:b10c::/64", "on-link")->delegation_acquire(TestCall{"op-1"}, request(64));
    REQUIRE(delegation);
    CHECK(delegation->created_by == "op-1");
    CHECK(delegation->instance == "static");
    CHECK(delegation->prefix == "2001:db8:b10c::/64");
    CHECK(delegation->mode == "on-link");
    CHECK(delegation->reserved == std::vector<std::string>{"2001:db8:b10c::"});
    CHECK(delegation->expires_at == UnixTime{});
    CHECK(delegation->tags.subject == "host");
}

TEST_CASE("the same op_id finds its delegation again, also in a new process") {
    Host host;
    auto first = host.provider()->delegation_acquire(TestCall{"op-1"}, request());
    REQUIRE(first);
    const auto puts = host.puts;
    auto again = host.provider()->delegation_acquire(TestCall{"op-1"}, request());
    REQUIRE(again);
    CHECK(to_json(*again) == to_json(*first));
    CHECK(host.puts == puts);
}

TEST_CASE("another request under the same op_id is a conflict") {
    Host host;
    auto provider = host.provider();
    REQUIRE(provider->delegation_acquire(TestCall{"op-1"}, request()));
    CHECK(code(provider->delegation_acquire(TestCall{"op-1"}, request(64))) == BH_E_CONFLICT);
}

TEST_CASE("the prefix is never delegated twice") {
    Host host;
    auto provider = host.provider();
    REQUIRE(provider->delegation_acquire(TestCall{"op-1"}, request()));
    auto second = provider->delegation_acquire(TestCall{"op-2"}, request());
    REQUIRE_FALSE(second);
    CHECK(second.failure().code == BH_E_EXHAUSTED);
    CHECK(second.failure().message.find("op-1") != std::string::npos);
    REQUIRE(provider->delegation_release(TestCall{"op-3"}, "op-1"));
    CHECK(provider->delegation_acquire(TestCall{"op-2"}, request()));
}

TEST_CASE("another length than the configured one is invalid, and nothing is kept") {
    Host host;
    auto wrong = host.provider()->delegation_acquire(TestCall{"op-1"}, request(56));
    REQUIRE_FALSE(wrong);
    CHECK(wrong.failure().code == BH_E_INVALID);
    CHECK(wrong.failure().message.starts_with("prefix_length: "));
    CHECK(host.store.empty());
}

TEST_CASE("releasing is done once and for all, and what was never there is released already") {
    Host host;
    auto provider = host.provider();
    REQUIRE(provider->delegation_acquire(TestCall{"op-1"}, request()));
    CHECK(provider->delegation_release(TestCall{"op-2"}, "op-1"));
    CHECK(host.store.empty());
    CHECK(provider->delegation_release(TestCall{"op-2"}, "op-1"));
    CHECK(provider->delegation_release(TestCall{"op-2"}, "Not an id/../at all"));
    CHECK(code(provider->delegation_renew(TestCall{"op-2"}, "op-1")) == BH_E_NOT_FOUND);
}

TEST_CASE("renew brings a delegation up to date with the configuration") {
    Host host;
    REQUIRE(host.provider()->delegation_acquire(TestCall{"op-1"}, request()));
    auto renewed = host.provider("2001:db8:b10c::/64", "on-link")->delegation_renew(TestCall{"op-2"}, "op-1");
    REQUIRE(renewed);
    CHECK(renewed->mode == "on-link");
    CHECK(renewed->created_by == "op-1");
    CHECK(renewed->tags.subject == "host");
}

TEST_CASE("after the prefix was changed the old delegation is forgotten, listed and releasable, and the new one free") {
    Host host;
    REQUIRE(host.provider()->delegation_acquire(TestCall{"op-1"}, request()));
    auto provider = host.provider("2001:db8:b10d::/64");
    CHECK(code(provider->delegation_renew(TestCall{"op-2"}, "op-1")) == BH_E_NOT_FOUND);
    auto fresh = provider->delegation_acquire(TestCall{"op-2"}, request());
    REQUIRE(fresh);
    CHECK(fresh->prefix == "2001:db8:b10d::/64");
    std::vector<std::string> ids;
    std::string page;
    do {
        auto some = provider->delegation_list(page);
        REQUIRE(some);
        for (const auto& delegation : some->delegations) ids.push_back(delegation.delegation);
        page = some->next;
    } while (!page.empty());
    CHECK(ids == std::vector<std::string>{"op-1", "op-2"});
    CHECK(provider->delegation_release(TestCall{"op-3"}, "op-1"));
    CHECK(host.store.size() == 1);
}

TEST_CASE("a cancelled order leaves nothing; a shutdown undoes nothing") {
    Host host;
    auto provider = host.provider();
    CHECK(code(provider->delegation_acquire(TestCall{"op-1", BH_CANCEL_ORDER}, request())) == BH_E_CANCELLED);
    CHECK(host.store.empty());
    REQUIRE(provider->delegation_acquire(TestCall{"op-1"}, request()));
    CHECK(code(provider->delegation_acquire(TestCall{"op-1", BH_CANCEL_SHUTDOWN}, request())) == BH_E_INTERRUPTED);
    CHECK(host.store.size() == 1);
    CHECK(code(provider->delegation_acquire(TestCall{"op-1", BH_CANCEL_DEADLINE}, request())) == BH_E_TIMEOUT);
    CHECK(host.store.empty());
}

TEST_CASE("a full store, a damaged record and a bad op_id are told apart") {
    Host host;
    auto provider = host.provider();
    host.full = true;
    CHECK(code(provider->delegation_acquire(TestCall{"op-1"}, request())) == BH_E_EXHAUSTED);
    host.full = false;
    CHECK(code(provider->delegation_acquire(TestCall{"NOT/AN/ID"}, request())) == BH_E_INVALID);
    host.store["delegation/op-1"] = "{";
    CHECK(code(provider->delegation_acquire(TestCall{"op-1"}, request())) == BH_E_CORRUPT);
    CHECK(code(provider->delegation_renew(TestCall{"op-1"}, "op-1")) == BH_E_CORRUPT);
}

TEST_CASE("without the store service nothing is delegated") {
    Host host;
    host.kernel.service = [](const bh_kernel*, const char*) noexcept -> const void* { return nullptr; };
    CHECK(code(host.provider()->delegation_acquire(TestCall{"op-1"}, request())) == BH_E_DENIED);
}

TEST_CASE("an instance with an unusable configuration is not made, and check says the same") {
    Host host;
    const std::string text = R"({"prefix":"fe80::/64","mode":"routed"})";
    auto made = Provider::create(sdk::Kernel{host.kernel}, text);
    REQUIRE_FALSE(made);
    CHECK(made.failure().code == BH_E_INVALID);
    CHECK(made.failure().message.starts_with("/prefix: "));
    auto findings = Provider::check(sdk::Kernel{host.kernel}, text, 0);
    REQUIRE(findings);
    CHECK(findings->at(0).field == "/prefix");
    CHECK(*host.provider()->health() == "2001:db8:b10c::/64, routed");
    CHECK(host.provider()->describe()->prefix_lengths == std::vector<std::uint32_t>{64});
}
